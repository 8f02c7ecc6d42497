//! METEOR against NLTK (`tests/data/make_meteor.py` makes the file) and against all possible alignments.

use std::cmp::Reverse;
use std::path::Path;

use proptest::prelude::*;
use rust_stemmers::{Algorithm, Stemmer};
use serde::Deserialize;
use vq_eval::{
    Bleu, CaptionMetrics, CaptionScores, CiderD, EvalError, Meteor, MeteorConfig, RougeL, Synonyms, caption_words,
};

#[derive(Deserialize)]
struct Golden {
    synonyms: Vec<Vec<String>>,
    /// Alpha, beta, gamma.
    parameters: Vec<[f64; 3]>,
    pairs: Vec<Pair>,
}

#[derive(Debug, Deserialize)]
struct Pair {
    caption: Vec<String>,
    reference: Vec<String>,
    /// With each set of parameters.
    scores: Vec<f64>,
}

const SETS: [[&str; 2]; 2] = [["car", "automobile"], ["cars", "wagon"]];

fn score(config: MeteorConfig, synonyms: &Synonyms, caption: &[String], references: &[Vec<String>]) -> f64 {
    Meteor::new(config, synonyms.clone()).unwrap().update(caption, references).unwrap()
}

#[test]
fn pairs_score_as_in_nltk() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/meteor.json");
    let golden: Golden = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let synonyms = Synonyms::new(golden.synonyms);
    for pair in &golden.pairs {
        for ([alpha, beta, gamma], theirs) in golden.parameters.iter().copied().zip(&pair.scores) {
            let config = MeteorConfig { alpha, beta, gamma };
            let ours = score(config, &synonyms, &pair.caption, std::slice::from_ref(&pair.reference));
            assert!((ours - theirs).abs() < 1e-12, "ours {ours}, theirs {theirs}: {pair:?}");
        }
    }
    assert!(golden.pairs.iter().any(|pair| pair.scores[0] == 0.0), "a pair without a match");
    assert_eq!(
        [MeteorConfig::default(), MeteorConfig::V1_5].map(|c| [c.alpha, c.beta, c.gamma]).to_vec(),
        golden.parameters
    );
}

/// Pairs by stage, and runs counted down: the greater is the better.
type Merit = ([usize; 3], Reverse<usize>);

/// The stage at which each word of the caption matches each word of the reference.
fn stages(caption: &[String], reference: &[String]) -> Vec<Vec<Option<usize>>> {
    let stemmer = Stemmer::create(Algorithm::English);
    let stage = |one: &String, other: &String| {
        let both = |set: &[&str; 2]| set.contains(&one.as_str()) && set.contains(&other.as_str());
        let conditions = [one == other, stemmer.stem(one) == stemmer.stem(other), SETS.iter().any(both)];
        conditions.iter().position(|holds| *holds)
    };
    caption.iter().map(|one| reference.iter().map(|other| stage(one, other)).collect()).collect()
}

/// The best of all alignments that begin with these pairs, by enumeration.
fn best(stages: &[Vec<Option<usize>>], pairs: &mut Vec<[usize; 2]>, at: usize) -> Merit {
    if at == stages.len() {
        let mut counts = [0; 3];
        pairs.iter().for_each(|&[one, other]| counts[stages[one][other].unwrap()] += 1);
        let continues = |one: usize, other: usize| one > 0 && other > 0 && pairs.contains(&[one - 1, other - 1]);
        return (counts, Reverse(pairs.iter().filter(|[one, other]| !continues(*one, *other)).count()));
    }
    let mut most = best(stages, pairs, at + 1);
    for position in (0..stages[at].len()).filter(|&position| stages[at][position].is_some()) {
        if pairs.iter().all(|pair| pair[1] != position) {
            pairs.push([at, position]);
            most = most.max(best(stages, pairs, at + 1));
            pairs.pop();
        }
    }
    most
}

/// Few words, so that captions have many in common.
fn caption(length: std::ops::Range<usize>) -> impl Strategy<Value = Vec<String>> {
    const WORDS: &[&str] = &["a", "car", "cars", "automobile", "wagon", "red"];
    prop::collection::vec(prop::sample::select(WORDS).prop_map(str::to_owned), length)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_alignment_is_better(caption in caption(0..6), reference in caption(0..7)) {
        let (counts, Reverse(runs)) = best(&stages(&caption, &reference), &mut Vec::new(), 0);
        let pairs = counts.iter().sum::<usize>() as f64;
        let expected = if pairs == 0.0 { 0.0 } else {
            let (precision, recall) = (pairs / caption.len() as f64, pairs / reference.len() as f64);
            10.0 * precision * recall / (recall + 9.0 * precision) * (1.0 - 0.5 * (runs as f64 / pairs).powi(3))
        };
        let ours = score(MeteorConfig::default(), &Synonyms::new(SETS), &caption, &[reference]);
        prop_assert!((ours - expected).abs() < 1e-12, "ours {}, expected {}", ours, expected);
    }

    #[test]
    fn the_best_reference_counts(caption in caption(0..9), references in prop::collection::vec(caption(0..9), 1..4)) {
        let config = MeteorConfig::V1_5;
        let synonyms = Synonyms::new(SETS);
        let each = references.iter().map(|one| score(config, &synonyms, &caption, std::slice::from_ref(one)));
        prop_assert_eq!(each.fold(0.0, f64::max), score(config, &synonyms, &caption, &references));
    }

    /// The joint accumulator gives the scores of the separate ones, in one set or merged from two.
    #[test]
    fn the_joint_accumulator_equals_the_separate_ones(
        samples in prop::collection::vec((caption(0..9), prop::collection::vec(caption(0..9), 1..4)), 1..6),
        cut in 0..6_usize,
    ) {
        let meteor = Meteor::new(MeteorConfig::default(), Synonyms::new(SETS)).unwrap();
        let empty = || CaptionMetrics::new(CiderD::default(), meteor.clone());
        let (mut first, mut second) = (empty(), empty());
        let (mut bleu, mut rouge, mut cider, mut meteor) = (Bleu::default(), RougeL::default(), CiderD::default(), meteor.clone());
        for (index, (caption, references)) in samples.iter().enumerate() {
            if index < cut { &mut first } else { &mut second }.update(caption, references).unwrap();
            bleu.update(caption, references).unwrap();
            rouge.update(caption, references).unwrap();
            cider.update(caption, references).unwrap();
            meteor.update(caption, references).unwrap();
        }
        first.merge(&second);
        let CaptionScores { bleu: together, rouge_l, cider_d, meteor: meteor_score, captions } = first.compute().unwrap();
        prop_assert_eq!(together, bleu.compute().unwrap());
        prop_assert_eq!(cider_d, cider.compute().unwrap());
        prop_assert!((rouge_l - rouge.compute().unwrap()).abs() < 1e-12);
        prop_assert!((meteor_score - meteor.compute().unwrap()).abs() < 1e-12);
        prop_assert_eq!(captions as usize, samples.len());
    }
}

/// Captions that repeat one word are scored in little time.
#[test]
fn many_equal_words_are_aligned() {
    let words = |count: usize| vec!["car".to_owned(); count];
    let same = score(MeteorConfig::default(), &Synonyms::default(), &words(24), &[words(24)]);
    assert!((same - (1.0 - 0.5 / 24_f64.powi(3))).abs() < 1e-12, "{same}");
    let config = MeteorConfig { gamma: 0.0, ..MeteorConfig::default() };
    let few = score(config, &Synonyms::default(), &words(60), &[words(3)]);
    assert!((few - 0.05 / (0.9 * 0.05 + 0.1)).abs() < 1e-12, "{few}");
}

#[test]
fn synonyms_are_read_from_an_index_of_wordnet() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "index.noun",
        "  1 A licence.\ncar n 2 1 @ 2 1 00000007 00000009  \nauto n 1 1 @ 1 1 00000009  \nice_cream n 1 0 1 0 00000007  \n",
    );
    write("index.verb", "drive v 1 0 1 0 00000007  \n");
    write("index.adj", "");
    write("index.adv", "");
    let synonyms = Synonyms::wordnet(folder.path()).unwrap();
    let score = |one: &str, other: &str| {
        score(
            MeteorConfig { gamma: 0.0, ..MeteorConfig::default() },
            &synonyms,
            &caption_words(one),
            &[caption_words(other)],
        )
    };
    assert_eq!((score("a car", "a auto"), score("auto", "car")), (1.0, 1.0));
    // The same offset in another part of speech is another set, and compounds are left out.
    assert_eq!((score("drive", "car"), score("ice_cream", "car")), (0.0, 0.0));

    write("index.adj", "red a two 0 1 0 00000001\n");
    let message = Synonyms::wordnet(folder.path()).unwrap_err().to_string();
    assert!(message.contains("index.adj") && message.contains("line 1"), "{message}");
    std::fs::remove_file(folder.path().join("index.verb")).unwrap();
    let message = Synonyms::wordnet(folder.path()).unwrap_err().to_string();
    assert!(message.contains("index.verb"), "{message}");
}

#[test]
fn invalid_inputs_are_rejected() {
    let mut meteor = Meteor::default();
    assert_eq!(meteor.compute(), None);
    assert!(matches!(
        meteor.update(&caption_words("a dog"), &[]),
        Err(EvalError::NoReference { op: "Meteor::update" })
    ));
    assert_eq!(meteor.compute(), None);
    assert_eq!(meteor.update(&[], &[caption_words("a dog")]).unwrap(), 0.0);
    for config in [
        MeteorConfig { alpha: 1.5, ..MeteorConfig::default() },
        MeteorConfig { beta: f64::NAN, ..MeteorConfig::default() },
        MeteorConfig { gamma: -0.1, ..MeteorConfig::default() },
    ] {
        let message = Meteor::new(config, Synonyms::default()).unwrap_err().to_string();
        assert!(message.starts_with("check METEOR: ") && message.contains("expected 0"), "{message}");
    }
}
