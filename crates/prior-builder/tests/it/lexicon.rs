//! Lexicons with the embedded words.

use std::sync::LazyLock;

use codebook_prior::{Chains, Lemmas, LexiconOptions, LexiconOrder, Multiword, WordNetTagger};
use prior_builder::{
    Corpus, CorpusCaption, CorpusFormat, Lexicon, LexiconBuilder, LexiconChoice, LexiconEntry, Location, Strictness,
};
use proptest::prelude::*;

static TAGGER: LazyLock<WordNetTagger> = LazyLock::new(|| WordNetTagger::new(Lemmas::embedded().unwrap()).unwrap());

fn lexicon(captions: &[String], options: LexiconOptions) -> Lexicon {
    let file = std::path::Path::new("captions").into();
    let caption = |(line, text): (usize, &String)| CorpusCaption {
        text: text.clone(),
        file: std::sync::Arc::clone(&file),
        location: Location::Line(line + 1),
    };
    let captions: Vec<_> = captions.iter().enumerate().map(caption).collect();
    let mut builder = LexiconBuilder::new(&*TAGGER, TAGGER.lemmas(), options);
    captions.chunks(700).for_each(|batch| builder.add(batch));
    builder.finish()
}

fn texts(entries: &[LexiconEntry]) -> Vec<String> {
    entries.iter().map(|entry| format!("{} {}", entry.text, entry.count)).collect()
}

fn pairs(lexicon: &Lexicon) -> Vec<String> {
    let Lexicon { adjectives, nouns, pairs } = lexicon;
    let text = |entries: &[LexiconEntry], at: u32| entries[at as usize].text.clone();
    pairs
        .iter()
        .map(|pair| format!("{} {} {}", text(adjectives, pair.adjective), text(nouns, pair.noun), pair.weight))
        .collect()
}

fn check_pairs(options: LexiconOptions, text: &str, expected: &[&str]) {
    assert_eq!(pairs(&lexicon(&[text.to_owned()], options)), expected, "{text}");
}

#[test]
fn words_are_in_order_of_first_occurrence() {
    let captions = ["A black dog and a white dog .", "Two black dogs near a tree .", "The tree is black ."];
    let lexicon = lexicon(&captions.map(str::to_owned), LexiconOptions::default());
    assert_eq!(texts(&lexicon.adjectives), ["black 3", "white 1"]);
    assert_eq!(texts(&lexicon.nouns), ["dog 3", "tree 2"]);
    assert_eq!(pairs(&lexicon), ["black dog 2", "white dog 1"]);
}

#[test]
fn chains_of_adjectives() {
    let with = |chains| LexiconOptions { chains, ..LexiconOptions::default() };
    let text = "a small red bird";
    check_pairs(with(Chains::Adjacent), text, &["red bird 1"]);
    check_pairs(with(Chains::Run), text, &["small bird 1", "red bird 1"]);
    check_pairs(with(Chains::List), text, &["small bird 1", "red bird 1"]);
    let text = "a black and white dog";
    check_pairs(with(Chains::Adjacent), text, &["white dog 1"]);
    check_pairs(with(Chains::Run), text, &["white dog 1"]);
    check_pairs(with(Chains::List), text, &["black dog 1", "white dog 1"]);
    check_pairs(with(Chains::List), "a long , pointed beak", &["long beak 1", "pointed beak 1"]);
    // A list ends at its noun, a run at any other word.
    check_pairs(with(Chains::List), "a red car and a dog", &["red car 1"]);
    check_pairs(with(Chains::Run), "the small of the red bird", &["red bird 1"]);
}

#[test]
fn nouns_of_several_words() {
    let with = |multiword| LexiconOptions { multiword, ..LexiconOptions::default() };
    let text = "a red fire hydrant near a hot dog";
    let nouns = |multiword| texts(&lexicon(&[text.to_owned()], with(multiword)).nouns);
    assert_eq!(nouns(Multiword::Apart), ["fire 1", "hydrant 1", "dog 1"]);
    assert_eq!(nouns(Multiword::Nouns), ["fire hydrant 1", "dog 1"]);
    assert_eq!(nouns(Multiword::All), ["fire hydrant 1", "hot dog 1"]);
    check_pairs(with(Multiword::All), text, &["red fire hydrant 1"]);
    let plural = lexicon(&["two fire hydrants".to_owned()], with(Multiword::Nouns));
    assert_eq!(texts(&plural.nouns), ["fire hydrant 1"]);
}

#[test]
fn a_homograph_is_two_words() {
    let lexicon = lexicon(&["an orange shirt and an orange".to_owned()], LexiconOptions::default());
    assert_eq!(texts(&lexicon.adjectives), ["orange 1"]);
    assert_eq!(texts(&lexicon.nouns), ["shirt 1", "orange 1"]);
    assert_eq!(pairs(&lexicon), ["orange shirt 1"]);
}

#[test]
fn choices_keep_the_pairs_of_what_they_keep() {
    let captions = ["a red dog", "a red bird", "a blue bird", "a blue cat", "a blue cat", "a tall bird"];
    let all = lexicon(&captions.map(str::to_owned), LexiconOptions::default());
    let choice = |adjective_count, noun_count, order| LexiconChoice { adjective_count, noun_count, order };
    let first = all.choose(&choice(2, 2, LexiconOrder::FirstSeen));
    assert_eq!(texts(&first.adjectives), ["red 2", "blue 3"]);
    assert_eq!(texts(&first.nouns), ["bird 3", "cat 2"]);
    assert_eq!(pairs(&first), ["red bird 1", "blue bird 1", "blue cat 2"]);
    let frequent = all.choose(&choice(1, 1, LexiconOrder::Frequency));
    assert_eq!(texts(&frequent.adjectives), ["blue 3", "red 2", "tall 1"]);
    assert_eq!(pairs(&frequent), ["blue bird 1", "blue cat 2", "red bird 1", "red dog 1", "tall bird 1"]);
    assert_eq!(all.choose(&LexiconChoice::default()), Lexicon::default());
    assert_eq!(all.choose(&choice(0, 0, LexiconOrder::FirstSeen)), all);
}

#[test]
fn the_bytes_are_json() {
    let lexicon = lexicon(&["a \"red\" dog".to_owned(), "a red cat".to_owned()], LexiconOptions::default());
    let again: Lexicon = serde_json::from_slice(&lexicon.to_bytes()).unwrap();
    assert_eq!(again, lexicon);
    assert_eq!(lexicon.sha256().len(), 64);
}

#[test]
fn corpora_follow_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str, format| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        Corpus { format, path, work: name.into() }
    };
    let mut builder = LexiconBuilder::new(&*TAGGER, TAGGER.lemmas(), LexiconOptions::default());
    let first = file("a", "a red dog\n", CorpusFormat::Lines);
    let second = file("b", r#"{"annotations": [{"caption": "a blue dog"}]}"#, CorpusFormat::Coco);
    for corpus in [&first, &second] {
        assert_eq!(builder.read(corpus, Strictness::Fail).unwrap().captions, 1);
    }
    assert_eq!(texts(&builder.finish().adjectives), ["red 1", "blue 1"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn threads_do_not_matter(
        phrases in prop::collection::vec("(a|the|two) (red|small black|tall|old) (dogs?|cat|trees|boxes) (runs|near|and)", 1..20),
        repeat in 1usize..200,
    ) {
        let captions: Vec<_> = (0..repeat * phrases.len())
            .map(|at| format!("{} {}", phrases[at % phrases.len()], phrases[at / phrases.len() % phrases.len()]))
            .collect();
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| lexicon(&captions, LexiconOptions::default())).to_bytes()
        };
        let one = on(1);
        prop_assert_eq!(&one, &on(2));
        prop_assert_eq!(&one, &on(3));
    }
}
