//! The WordNet tagger with the embedded words.

use codebook_prior::{Lemmas, Tag, Tagger, WordNetTagger, tokenize};
use proptest::prelude::*;

fn tagger() -> WordNetTagger {
    WordNetTagger::new(Lemmas::embedded().unwrap()).unwrap()
}

fn check(text: &str, expected: &str) {
    let words = tokenize(text);
    let mut tags = Vec::new();
    tagger().tag(&words, &mut tags);
    let tagged: Vec<String> = words.iter().zip(&tags).map(|(word, tag)| format!("{word}/{}", tag.penn())).collect();
    for word in expected.split(' ') {
        assert!(tagged.iter().any(|found| found == word), "{word} in {tagged:?}");
    }
}

#[test]
fn captions_are_tagged_as_expected() {
    let cases = include_str!("../data/tagged-captions.tsv").lines().filter(|line| !line.starts_with('#'));
    let cases: Vec<_> = cases.map(|line| line.split_once('\t').unwrap()).collect();
    assert_eq!(cases.len(), 21);
    cases.iter().for_each(|(text, expected)| check(text, expected));
}

/// The trained model takes `walk` for a verb here too.
#[test]
fn a_noun_after_a_noun() {
    check("a dog on a forest walk", "forest/NN walk/NN");
}

#[test]
fn listed_words_are_known() {
    assert!(tagger().is_listed("The") && !tagger().is_listed("apple"));
}

#[test]
fn weights_can_be_changed() {
    let words = ["a", "red", "car"];
    let mut tags = Vec::new();
    tagger().tag_reweighted(&words, &mut tags, |at, candidates| {
        let wanted = if at == 1 { Tag::Noun } else { return };
        assert!(candidates.iter().any(|candidate| candidate.tag == wanted));
        candidates.iter_mut().filter(|candidate| candidate.tag == wanted).for_each(|c| c.weight *= 1e6);
    });
    assert_eq!(tags, [Tag::Determiner, Tag::Noun, Tag::Noun]);
}

#[test]
fn every_tag_has_a_name_of_its_own() {
    for (number, tag) in Tag::ALL.into_iter().enumerate() {
        assert_eq!(tag as usize, number);
        assert_eq!(Tag::from_penn(tag.penn()), Some(tag));
        assert!(!(tag.is_noun() && tag.is_adjective()));
    }
    assert_eq!(Tag::from_penn("WRB"), Some(Tag::Wh));
    assert_eq!(Tag::from_penn("nonsense"), None);
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
