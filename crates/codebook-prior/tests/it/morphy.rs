use std::collections::HashMap;

use codebook_prior::{Morphy, WordClass, WordNet};
use proptest::prelude::*;

use crate::sample::data;

fn check(part: &str, cases: &[(&str, Option<&str>)]) {
    let wordnet = WordNet::open(&data("wordnet")).unwrap();
    let morphy = if part == "noun" { &wordnet.nouns.morphy } else { &wordnet.adjectives.morphy };
    for (word, lemma) in cases {
        assert_eq!(morphy.lemma(word).as_deref(), *lemma, "{word}");
    }
}

#[test]
fn plurals_by_rule() {
    check("noun", &[("bills", Some("bill")), ("walls", Some("wall")), ("calls", Some("call")), ("boxes", Some("box"))]);
    check("noun", &[("glasses", Some("glass")), ("trees", Some("tree")), ("apples", Some("apple"))]);
}

#[test]
fn plurals_by_exception() {
    check("noun", &[("wolves", Some("wolf")), ("children", Some("child")), ("geese", Some("goose"))]);
    check("noun", &[("leaves", Some("leaf"))]);
}

#[test]
fn words_that_only_look_like_plurals() {
    check("noun", &[("bus", Some("bus")), ("glass", Some("glass")), ("jeans", Some("jeans")), ("as", None)]);
}

#[test]
fn a_plural_that_is_also_a_rarer_word() {
    check("noun", &[("eyes", Some("eye"))]);
    let wordnet = WordNet::open(&data("wordnet")).unwrap();
    assert_eq!(wordnet.nouns.morphy.lemmas("eyes"), ["eyes", "eye"]);
}

#[test]
fn adjectives() {
    check(
        "adj",
        &[("taller", Some("tall")), ("largest", Some("large")), ("finer", Some("fine")), ("redder", Some("red"))],
    );
    check("adj", &[("green", Some("green")), ("quick", None)]);
}

#[test]
fn nouns_in_ful() {
    let counts = [("boxful".into(), 0)];
    let morphy = Morphy::new(WordClass::Noun, HashMap::new(), counts);
    assert_eq!(morphy.lemma("boxesful").as_deref(), Some("boxful"));
}

proptest! {
    #[test]
    fn lemmas_are_words_of_the_dictionary(
        counts in prop::collection::btree_map("[a-e]{1,3}(s|es|men|ies|ful)?", 0u64..9, 1..20),
        word in "[a-e]{1,3}(s|es|men|ies|sful)?",
    ) {
        let morphy = Morphy::new(WordClass::Noun, HashMap::new(), counts.clone());
        for lemma in morphy.lemmas(&word) {
            prop_assert!(counts.contains_key(&lemma));
        }
        prop_assert_eq!(morphy.lemma(&word).is_some(), !morphy.lemmas(&word).is_empty());
        if counts.contains_key(&word) {
            prop_assert!(morphy.lemmas(&word).contains(&word));
        }
    }

    #[test]
    fn a_lemma_is_its_own_lemma(
        counts in prop::collection::btree_map("[a-e]{1,3}(s|es|men|ies|ful)?", 0u64..9, 1..20),
        word in "[a-e]{1,3}(s|es|men|ies|sful)?",
    ) {
        let morphy = Morphy::new(WordClass::Noun, HashMap::new(), counts);
        if let Some(lemma) = morphy.lemma(&word) {
            prop_assert_eq!(morphy.lemma(&lemma), Some(lemma.clone()));
        }
    }
}
