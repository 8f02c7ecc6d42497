//! The lemmatizer on the words of a WordNet folder.

use prior_builder::WordNet;

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
