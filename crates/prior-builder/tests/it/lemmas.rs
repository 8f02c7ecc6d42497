use std::path::Path;

use codebook_prior::{Lemmas, Spelling, WordClass};
use prior_builder::read_lemmas;

use crate::sample::data;

#[test]
fn classes_counts_and_names_are_read() {
    let lemmas = read_lemmas(&data("wordnet")).unwrap();
    let count = |class, form| lemmas.lemma(class, form).map(|lemma| lemma.count);
    assert_eq!(count(WordClass::Adjective, "red"), Some(20));
    assert_eq!(count(WordClass::Noun, "red"), Some(1));
    assert_eq!(count(WordClass::Verb, "ate"), Some(0));
    assert_eq!(count(WordClass::Adverb, "fast"), Some(3));
    assert_eq!(count(WordClass::Adverb, "red"), None);
    assert_eq!(lemmas.lemma(WordClass::Noun, "paris").unwrap().spelling, Spelling::Proper);
    assert_eq!(lemmas.lemma(WordClass::Noun, "apples").unwrap().spelling, Spelling::Common);
    assert_eq!(lemmas.class(WordClass::Noun).count("sound_box"), Some(0));
}

#[test]
fn the_text_form_is_read_back() {
    let lemmas = read_lemmas(&data("wordnet")).unwrap();
    let text = lemmas.to_text();
    assert!(text.contains("\nparis N\n") && text.contains("\nred n1 a20\n"), "{text}");
    assert!(text.ends_with("!v ate eat\n!v eaten eat\n!a redder red\n"), "{text}");
    let again = Lemmas::from_text(&text, Path::new("lemmas.txt")).unwrap();
    assert_eq!(again.to_text(), text);
    assert_eq!(again.lemma(WordClass::Adjective, "redder").unwrap().text, "red");
}
