//! The tagger with a trained model, with the embedded words.

use codebook_prior::{Lemmas, Tag, Tagger, tokenize};
use prior_builder::StatisticalTagger;
use proptest::prelude::*;

fn tagger() -> StatisticalTagger {
    StatisticalTagger::new(Lemmas::embedded().unwrap()).unwrap()
}

fn check(tagger: &dyn Tagger, text: &str, expected: &str) {
    let words = tokenize(text);
    let mut tags = Vec::new();
    tagger.tag(&words, &mut tags);
    let tagged: Vec<String> = words.iter().zip(&tags).map(|(word, tag)| format!("{word}/{}", tag.penn())).collect();
    for word in expected.split(' ') {
        assert!(tagged.iter().any(|found| found == word), "{word} in {tagged:?}");
    }
}

/// The captions on which the WordNet tagger is tested too.
#[test]
fn captions_are_tagged_as_expected() {
    let cases = include_str!("../../../codebook-prior/tests/data/tagged-captions.tsv");
    let cases: Vec<_> =
        cases.lines().filter(|line| !line.starts_with('#')).map(|line| line.split_once('\t').unwrap()).collect();
    assert_eq!(cases.len(), 21);
    let tagger = tagger();
    cases.iter().for_each(|(text, expected)| check(&tagger, text, expected));
}

#[test]
fn each_word_gets_one_tag() {
    let tagger = tagger();
    let strategy = prop::collection::vec("\\PC{1,8}", 0..12);
    let mut runner = proptest::test_runner::TestRunner::default();
    let held = runner.run(&strategy, |words| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (mut tags, mut again) = (vec![Tag::Noun; 3], Vec::new());
        tagger.tag(&words, &mut tags);
        tagger.tag(&words, &mut again);
        prop_assert_eq!(tags.len(), words.len());
        prop_assert_eq!(&tags, &again);
        Ok(())
    });
    held.unwrap();
}
