//! Caption scores against pycocoevalcap; `tests/data/make_captions.py` and `make_real_captions.py` make the files.

use std::collections::HashMap;
use std::path::Path;

use proptest::prelude::*;
use serde::Deserialize;
use vq_eval::{Bleu, BleuScores, CiderD, DocumentFrequencies, EvalError, FrequencyTable, RougeL, caption_words};

#[derive(Deserialize)]
struct Golden {
    tokens: Vec<Tokens>,
    samples: Vec<Sample>,
    scores: Scores,
}

#[derive(Deserialize)]
struct Tokens {
    text: String,
    words: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Sample {
    caption: Vec<String>,
    references: Vec<Vec<String>>,
}

/// Scores of the set and of each caption.
#[derive(Deserialize)]
struct Scores {
    bleu: Vec<f64>,
    bleus: Vec<Vec<f64>>,
    rouge: f64,
    rouges: Vec<f64>,
    cider: f64,
    ciders: Vec<f64>,
}

/// Made-up captions with unusual cases, and real ones.
const GOLDENS: [&str; 2] = ["captions.json", "real_captions.json"];

fn golden(name: &str) -> Golden {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The three metrics.
#[derive(Debug, Clone, Default)]
struct All {
    bleu: Bleu,
    rouge: RougeL,
    cider: CiderD,
}

impl All {
    fn of<'a>(samples: impl IntoIterator<Item = &'a Sample>) -> Self {
        let mut all = Self::default();
        samples.into_iter().for_each(|sample| all.update(sample).unwrap());
        all
    }

    fn update(&mut self, Sample { caption, references }: &Sample) -> Result<(), EvalError> {
        self.bleu.update(caption, references)?;
        self.rouge.update(caption, references)?;
        self.cider.update(caption, references)
    }

    fn merge(&mut self, other: &Self) {
        self.bleu.merge(&other.bleu);
        self.rouge.merge(&other.rouge);
        self.cider.merge(&other.cider);
    }

    /// BLEU-1 to 4, ROUGE-L, CIDEr-D.
    fn compute(&self) -> Option<[f64; 6]> {
        let [one, two, three, four] = list(self.bleu.compute()?);
        Some([one, two, three, four, self.rouge.compute()?, self.cider.compute()?])
    }
}

fn list(scores: BleuScores) -> [f64; 4] {
    [scores.bleu1, scores.bleu2, scores.bleu3, scores.bleu4]
}

#[track_caller]
fn close(name: &str, ours: f64, theirs: f64) {
    assert!((ours - theirs).abs() < 1e-9, "{name}: ours {ours}, theirs {theirs}");
}

#[test]
fn a_set_scores_as_in_pycocoevalcap() {
    for name in GOLDENS {
        let Golden { samples, scores, .. } = golden(name);
        let all = All::of(&samples);
        let theirs = [&scores.bleu[..], &[scores.rouge, scores.cider]].concat();
        for (index, (ours, theirs)) in all.compute().unwrap().into_iter().zip(theirs).enumerate() {
            close(&format!("score {index} of {name}"), ours, theirs);
        }
    }
}

#[test]
fn each_caption_scores_as_in_pycocoevalcap() {
    for Golden { samples, scores, .. } in GOLDENS.map(golden) {
        let ciders = All::of(&samples).cider.scores();
        assert_eq!(ciders.len(), scores.ciders.len());
        for (index, sample) in samples.iter().enumerate() {
            let name = |metric: &str| format!("{metric} of {index}, {sample:?}");
            let one = All::of([sample]);
            for (n, ours) in list(one.bleu.compute().unwrap()).into_iter().enumerate() {
                close(&name("BLEU"), ours, scores.bleus[n][index]);
            }
            close(&name("ROUGE-L"), one.rouge.compute().unwrap(), scores.rouges[index]);
            close(&name("CIDEr-D"), ciders[index], scores.ciders[index]);
        }
    }
}

#[test]
fn words_are_those_of_the_penn_treebank() {
    for Tokens { text, words } in golden(GOLDENS[0]).tokens {
        assert_eq!(caption_words(&text), words, "{text:?}");
    }
}

#[test]
fn a_table_of_the_set_itself_changes_nothing() {
    let samples = golden(GOLDENS[0]).samples;
    let table = FrequencyTable::count(samples.iter().map(|sample| &sample.references[..])).unwrap();
    let mut with_table = CiderD::new(DocumentFrequencies::Table(table.clone()));
    let mut without = CiderD::default();
    for Sample { caption, references } in &samples {
        with_table.update(caption, references).unwrap();
        without.update(caption, references).unwrap();
    }
    assert_eq!(with_table.scores(), without.scores());
    // With a table, the score of a caption does not depend on the others.
    let mut alone = CiderD::new(DocumentFrequencies::Table(table));
    alone.update(&samples[1].caption, &samples[1].references).unwrap();
    assert_eq!(alone.scores()[0], with_table.scores()[1]);
    assert!(alone.scores()[0] > 0.0);
}

#[test]
fn invalid_inputs_are_rejected() {
    let all = All::default();
    assert_eq!(all.compute(), None);
    let sample = Sample { caption: caption_words("a dog"), references: Vec::new() };
    let rejected = |result: Result<(), EvalError>| result.unwrap_err().to_string();
    for (op, message) in [
        ("Bleu", rejected(Bleu::default().update(&sample.caption, &sample.references))),
        ("RougeL", rejected(RougeL::default().update(&sample.caption, &sample.references))),
        ("CiderD", rejected(CiderD::default().update(&sample.caption, &sample.references))),
    ] {
        assert_eq!(message, format!("{op}::update: expected a reference or more, got none"));
    }
    let message = FrequencyTable::new(2, HashMap::from([(caption_words("a dog"), 3)])).unwrap_err().to_string();
    assert!(message.contains("at most 2 images") && message.ends_with("got 3 for `a dog`"), "{message}");
    assert!(FrequencyTable::new(0, HashMap::new()).is_err());
}

/// Few words, so that captions have many in common.
fn caption(length: std::ops::Range<usize>) -> impl Strategy<Value = Vec<String>> {
    const WORDS: &[&str] = &["a", "the", "car", "cars", "automobile", "sofa", "couch", "running", "runs", "red"];
    prop::collection::vec(prop::sample::select(WORDS).prop_map(str::to_owned), length)
}

fn samples() -> impl Strategy<Value = Vec<Sample>> {
    let sample = (caption(0..9), prop::collection::vec(caption(0..9), 1..4))
        .prop_map(|(caption, references)| Sample { caption, references });
    prop::collection::vec(sample, 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn order_and_cuts_do_not_matter(samples in samples(), cut in 0..6_usize, turn in 0..6_usize) {
        let whole = All::of(&samples).compute().unwrap();
        let cut = cut.min(samples.len());
        let mut merged = All::of(&samples[..cut]);
        merged.merge(&All::of(&samples[cut..]));
        let mut turned = samples.clone();
        turned.rotate_left(turn % samples.len());
        turned.reverse();
        let turned = All::of(&turned);
        for (index, &score) in whole.iter().enumerate() {
            prop_assert!((merged.compute().unwrap()[index] - score).abs() < 1e-12, "score {} merged", index);
            prop_assert!((turned.compute().unwrap()[index] - score).abs() < 1e-12, "score {} turned", index);
        }
    }

    #[test]
    fn scores_are_in_their_range(samples in samples()) {
        let scores = All::of(&samples).compute().unwrap();
        for (index, score) in scores.into_iter().enumerate() {
            let most = if index == 5 { 10.0 } else { 1.0 };
            prop_assert!((0.0..=most + 1e-9).contains(&score), "score {} is {}", index, score);
        }
    }

    #[test]
    fn a_caption_that_equals_its_reference_scores_most(words in caption(4..12), others in samples()) {
        let sample = Sample { caption: words.clone(), references: vec![words] };
        let all = All::of([&sample]);
        let [one, two, three, four, rouge, _] = all.compute().unwrap();
        for (name, score) in [("1", one), ("2", two), ("3", three), ("4", four), ("ROUGE-L", rouge)] {
            prop_assert!((score - 1.0).abs() < 1e-8, "{} is {}", name, score);
        }
        // CIDEr-D needs other images, since a run that all images have has weight 0.
        let table = FrequencyTable::new(1000, HashMap::new()).unwrap();
        let mut cider = CiderD::new(DocumentFrequencies::Table(table));
        cider.update(&sample.caption, &sample.references).unwrap();
        for Sample { caption, references } in &others {
            cider.update(caption, references).unwrap();
        }
        let scores = cider.scores();
        prop_assert!((scores[0] - 10.0).abs() < 1e-9, "{}", scores[0]);
        prop_assert!(scores.iter().all(|score| *score <= 10.0 + 1e-9));
    }

    #[test]
    fn splitting_is_idempotent(text in "[a-zA-Z0-9 ]{0,40}") {
        let words = caption_words(&text);
        prop_assert_eq!(caption_words(&words.join(" ")), words);
    }

    #[test]
    fn words_are_not_empty_and_have_no_spaces(text in any::<String>()) {
        for word in caption_words(&text) {
            prop_assert!(!word.is_empty() && !word.contains(' '));
        }
    }
}
