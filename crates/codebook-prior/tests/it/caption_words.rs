use codebook_prior::{CaptionWords, PartOfSpeech, PriorGraph, PriorParts, VectorDtype, Vectors};

use crate::sample::word;

/// The words of the embedded prior that a caption names, adjectives first.
fn words(caption: &str) -> Vec<String> {
    let prior = PriorGraph::embedded().unwrap();
    let finder = CaptionWords::new(&prior).unwrap();
    finder.find(caption).into_iter().map(|node| prior.words()[node].text.clone()).collect()
}

#[test]
fn a_caption_names_its_adjectives_and_nouns() {
    let mut named = words("Two small red apples left of a Black cat");
    named.sort();
    assert_eq!(named, ["apple", "black", "cat", "red", "small"]);
}

#[test]
fn the_part_of_speech_depends_on_the_caption() {
    let prior = PriorGraph::embedded().unwrap();
    let finder = CaptionWords::new(&prior).unwrap();
    let adjective = finder.find("an orange car");
    assert!(adjective.iter().any(|&node| node < prior.nouns().start && prior.words()[node].text == "orange"));
}

#[test]
fn a_compound_hides_its_parts() {
    use PartOfSpeech::Noun;
    let words = vec![word("cream", Noun), word("ice cream", Noun)];
    let vectors = Vectors::new(&[1.0, 2.0], 1, VectorDtype::F32);
    let prior = PriorGraph::new(PriorParts { words, vectors, edges: Vec::new(), provenance: Default::default() });
    let finder = CaptionWords::new(&prior.unwrap()).unwrap();
    assert_eq!(finder.find("two ice creams"), [1]);
    assert_eq!(finder.find("the cream"), [0]);
}

#[test]
fn words_that_the_prior_lacks_are_skipped() {
    assert!(words("").is_empty());
    assert!(words("zxqv of the 12 !!").is_empty());
}
