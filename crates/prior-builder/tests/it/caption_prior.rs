use codebook_prior::PartOfSpeech::{Adjective, Noun};
use codebook_prior::{
    CaptionRecipe, Homographs, LexiconOrder, LimitPriority, PriorGraph, Seeds, Source, UnknownWords, VisionFilter,
    Writing,
};
use prior_builder::{
    BuildError, BuildInputs, CaptionPrior, Lexicon, LexiconEntry, LexiconPair, ReadCorpus, Reason, WordNet,
};

use crate::sample::{Letters, data, edge};

/// Counts of a few words, in order of first occurrence.
fn lexicon() -> Lexicon {
    let entries =
        |words: &[(&str, u64)]| words.iter().map(|&(text, count)| LexiconEntry { text: text.into(), count }).collect();
    let pair = |adjective, noun, weight| LexiconPair { adjective, noun, weight };
    Lexicon {
        adjectives: entries(&[("large", 20), ("red", 30), ("orange", 12), ("zany", 3)]),
        nouns: entries(&[("apple", 40), ("orange", 15), ("idea", 50), ("juice", 11), ("zzz", 90)]),
        pairs: vec![
            pair(0, 0, 5),
            pair(0, 4, 1),
            pair(1, 0, 9),
            pair(1, 1, 2),
            pair(2, 1, 4),
            pair(2, 3, 7),
            pair(3, 0, 1),
        ],
    }
}

fn inputs(lexicon: &Lexicon) -> BuildInputs<'_> {
    BuildInputs {
        lexicon,
        tagger: "a tagger",
        trusted: None,
        corpora: &[],
        wordnet: None,
        filter_embedder: &Letters,
        embedder: &Letters,
    }
}

fn built(recipe: &CaptionRecipe) -> Result<CaptionPrior, BuildError> {
    let wordnet = WordNet::open(&data("wordnet")).unwrap();
    BuildInputs { wordnet: Some(&wordnet), corpora: &[corpus()], ..inputs(&lexicon()) }.build(recipe)
}

fn corpus() -> ReadCorpus {
    let source = Source { work: "captions".into(), file: "c.txt".into(), sha256: "0".into() };
    ReadCorpus { source, times: 2, trusted: true }
}

fn texts(prior: &PriorGraph) -> Vec<&str> {
    prior.words().iter().map(|word| word.text.as_str()).collect()
}

/// Checks the reason of each word of the lexicon.
fn check(filter: VisionFilter, expected: &[&str]) {
    let CaptionPrior { prior, decisions } = built(&CaptionRecipe { filter, ..Default::default() }).unwrap();
    let reasons: Vec<String> =
        decisions.iter().map(|decision| format!("{}: {}", decision.word.text, decision.reason)).collect();
    assert_eq!(reasons, expected);
    // The words that are kept have their reason.
    let kept: Vec<String> =
        decisions.iter().filter(|decision| decision.reason.keeps()).map(|d| d.reason.to_string()).collect();
    assert_eq!(prior.words().iter().map(|word| word.reason.clone()).collect::<Vec<_>>(), kept);
}

#[test]
fn counts_decide_by_default() {
    check(
        VisionFilter::default(),
        &[
            "large: seen often enough",
            "red: seen often enough",
            "orange: seen often enough",
            "zany: seen fewer than 11 times",
            "apple: seen often enough",
            "orange: seen often enough",
            "idea: seen often enough",
            "juice: seen often enough",
            "zzz: seen often enough",
        ],
    );
}

#[test]
fn each_rule_is_named() {
    check(
        VisionFilter {
            adjective_count: 15,
            noun_count: 12,
            files: vec!["noun.food".into(), "adj.all".into()],
            allow: vec!["zany".into()],
            deny: vec!["zzz".into()],
            ..Default::default()
        },
        &[
            "large: seen often enough; 100 % of its senses can be seen",
            "red: seen often enough; 100 % of its senses can be seen",
            "orange: seen fewer than 15 times",
            "zany: allowed by the list",
            "apple: seen often enough; 100 % of its senses can be seen",
            "orange: seen often enough",
            "idea: only 0 % of its senses can be seen",
            "juice: seen fewer than 12 times",
            "zzz: denied by the list",
        ],
    );
}

#[test]
fn spelling_and_dictionary_are_rules_too() {
    let mut lexicon = lexicon();
    lexicon.nouns[3].text = "t-shirt".into();
    lexicon.nouns[4].text = "tv".into();
    let filter = VisionFilter {
        files: vec!["noun.food".into(), "adj.all".into()],
        unknown: UnknownWords::Drop,
        writing: Writing::Letters,
        allow: vec!["tv".into()],
        deny: vec!["orange/noun".into(), "red/noun".into()],
        ..Default::default()
    };
    let wordnet = WordNet::open(&data("wordnet")).unwrap();
    let inputs = BuildInputs { wordnet: Some(&wordnet), ..inputs(&lexicon) };
    let decisions = inputs.build(&CaptionRecipe { filter, ..Default::default() }).unwrap().decisions;
    let reasons: Vec<String> = decisions.iter().map(|decision| decision.reason.to_string()).collect();
    assert_eq!(
        reasons[1], "seen often enough; 100 % of its senses can be seen",
        "the noun is denied, not the adjective"
    );
    assert_eq!(reasons[2], "unknown to WordNet");
    assert_eq!(reasons[5], "denied by the list");
    assert_eq!(reasons[7], "not written in letters a to z alone, or in fewer than three");
    assert_eq!(reasons[8], "allowed by the list");
}

#[test]
fn words_of_trusted_corpora_are_kept() {
    let entry = |text: &str, count| LexiconEntry { text: text.into(), count };
    let trusted = Lexicon {
        adjectives: vec![entry("zany", 2), entry("orange", 1)],
        nouns: vec![entry("idea", 2), entry("apple", 1), entry("zzz", 5)],
        pairs: vec![],
    };
    let lexicon = lexicon();
    let filter = VisionFilter { adjective_count: 13, noun_count: 60, deny: vec!["zzz".into()], ..Default::default() };
    let recipe = CaptionRecipe { filter, ..Default::default() };
    let built = BuildInputs { trusted: Some(&trusted), ..inputs(&lexicon) }.build(&recipe).unwrap();
    assert_eq!(texts(&built.prior), ["large", "red", "zany", "idea"]);
    assert_eq!(built.prior.words()[2].reason, "in captions that are trusted");
    assert_eq!(built.decisions[8].reason, Reason::Denied);
    let recipe = CaptionRecipe { trusted_count: 1, ..recipe };
    let built = BuildInputs { trusted: Some(&trusted), ..inputs(&lexicon) }.build(&recipe).unwrap();
    assert_eq!(texts(&built.prior), ["large", "red", "orange", "zany", "apple", "idea"]);
}

#[test]
fn words_with_an_edge_may_come_first() {
    let recipe = |max_nouns, first| CaptionRecipe {
        order: LexiconOrder::Frequency,
        most_nouns: Some(max_nouns),
        first,
        ..CaptionRecipe::default()
    };
    let nouns = |max_nouns, first| {
        let prior = built(&recipe(max_nouns, first)).unwrap().prior;
        prior.words()[prior.nouns()].iter().map(|word| word.text.clone()).collect::<Vec<_>>()
    };
    // `idea` is frequent, but has no pair.
    assert_eq!(nouns(3, LimitPriority::Ordered), ["zzz", "idea", "apple"]);
    assert_eq!(nouns(3, LimitPriority::Joined), ["zzz", "apple", "orange"]);
    assert_eq!(nouns(5, LimitPriority::Joined), ["zzz", "idea", "apple", "orange", "juice"]);
    assert_eq!(nouns(4, LimitPriority::Joined), ["zzz", "apple", "orange", "juice"]);
}

#[test]
fn seeds_select_similar_words() {
    // The vector of a word is its length and first letter: words of similar length and first letter are similar.
    let seeds = Seeds { adjectives: vec![], nouns: vec!["apple".into(), "zebra".into()], cosine: 0.9999 };
    let filter = VisionFilter { seeds: Some(seeds), ..Default::default() };
    let CaptionPrior { decisions, .. } = built(&CaptionRecipe { filter, ..Default::default() }).unwrap();
    assert_eq!(decisions[0].reason.to_string(), "seen often enough", "there are no seeds of adjectives");
    assert_eq!(decisions[4].reason.to_string(), "seen often enough; cosine 1.00 to apple");
    // (6, 111) and (5, 97).
    let orange = (6.0 * 5.0 + 111.0 * 97.0) / ((36.0 + 111.0 * 111.0_f64) * (25.0 + 97.0 * 97.0)).sqrt();
    assert!(orange > 0.9999);
    // (3, 122) is farther from (5, 122) than that.
    match &decisions[8].reason {
        Reason::Dissimilar(nearest) => assert_eq!(nearest.seed, "zebra"),
        other => panic!("{other}"),
    }
}

#[test]
fn words_and_edges_follow_the_recipe() {
    let CaptionPrior { prior, .. } = built(&CaptionRecipe::default()).unwrap();
    assert_eq!(texts(&prior), ["large", "red", "orange", "apple", "orange", "idea", "juice", "zzz"]);
    let expected =
        [edge(0, 3, 5.0), edge(0, 7, 1.0), edge(1, 3, 9.0), edge(1, 4, 2.0), edge(2, 4, 4.0), edge(2, 6, 7.0)];
    assert_eq!(prior.edges(), expected);
    assert_eq!((prior.find("orange", Adjective), prior.find("orange", Noun)), (Some(2), Some(4)));
    assert_eq!(prior.vectors_f32()[..2], [5.0, 108.0]);
    let provenance = prior.provenance();
    assert_eq!(provenance.sources[0].work, "captions");
    assert!(provenance.sources.iter().any(|source| source.file == "data.noun"));
    let captions = provenance.captions.as_ref().unwrap();
    assert_eq!(captions.tagger, "a tagger");
    assert_eq!((captions.corpora[0].work.as_str(), captions.corpora[0].times), ("captions", 2));

    let few = CaptionRecipe {
        order: LexiconOrder::Frequency,
        most_adjectives: Some(1),
        most_nouns: Some(2),
        ..Default::default()
    };
    let CaptionPrior { prior, .. } = built(&few).unwrap();
    assert_eq!(texts(&prior), ["red", "zzz", "idea"]);
    assert_eq!(prior.edges(), []);
}

#[test]
fn legacy_homographs_start_from_the_noun() {
    let recipe = CaptionRecipe { homographs: Homographs::Legacy, ..Default::default() };
    let CaptionPrior { prior, .. } = built(&recipe).unwrap();
    // `orange juice` starts at the noun; `orange orange` is dropped.
    let expected = [edge(0, 3, 5.0), edge(0, 7, 1.0), edge(1, 3, 9.0), edge(1, 4, 2.0), edge(4, 6, 7.0)];
    assert_eq!(prior.edges(), expected);
    assert_eq!(prior.degrees(), [2, 2, 0, 2, 2, 0, 1, 1]);
    let decoded = PriorGraph::from_bytes(&prior.to_bytes().unwrap()).unwrap();
    assert_eq!(decoded, prior);
    // A cut keeps an edge between its nouns, even without the adjective.
    let cut = prior.cut(2, 4).unwrap();
    assert_eq!(cut.edges(), [edge(0, 2, 5.0), edge(1, 2, 9.0), edge(1, 3, 2.0), edge(3, 5, 7.0)]);
}

#[test]
fn invalid_filters_are_refused() {
    let error = |filter: VisionFilter| built(&CaptionRecipe { filter, ..Default::default() }).unwrap_err().to_string();
    let deny = lexicon().nouns.iter().chain(&lexicon().adjectives).map(|entry| entry.text.clone()).collect();
    let none = error(VisionFilter { deny, ..Default::default() });
    assert_eq!(none, "prior of captions: filter: expected a word that is kept, got none of 9");
    let unknown = error(VisionFilter { files: vec!["noun.nonsense".into()], ..Default::default() });
    assert!(unknown.starts_with("vision filter: files: expected adj.all,") && unknown.ends_with("got noun.nonsense"));
    let share = error(VisionFilter { file_share: 1.5, ..Default::default() });
    assert_eq!(share, "vision filter: file_share: expected a share in 0..=1, got 1.5");
    let seeds = Some(Seeds { adjectives: vec![], nouns: vec![], cosine: f32::NAN });
    let cosine = error(VisionFilter { seeds, ..Default::default() });
    assert_eq!(cosine, "vision filter: seeds.cosine: expected a cosine in -1..=1, got NaN");
    let recipe = CaptionRecipe {
        filter: VisionFilter { files: vec!["noun.food".into()], ..Default::default() },
        ..Default::default()
    };
    let error = inputs(&lexicon()).build(&recipe).unwrap_err().to_string();
    assert_eq!(error, "vision filter: files: expected a WordNet to look them up in, got none");
}
