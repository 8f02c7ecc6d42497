use std::path::Path;

use codebook_prior::{Lemmas, Spelling, WordClass};

use crate::sample::data;

#[test]
fn classes_counts_and_names_are_read() {
    let lemmas = Lemmas::open(&data("wordnet")).unwrap();
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
    let lemmas = Lemmas::open(&data("wordnet")).unwrap();
    let text = lemmas.to_text();
    assert!(text.contains("\nparis N\n") && text.contains("\nred n1 a20\n"), "{text}");
    assert!(text.ends_with("!v ate eat\n!v eaten eat\n!a redder red\n"), "{text}");
    let again = Lemmas::from_text(text.clone(), Path::new("lemmas.txt")).unwrap();
    assert_eq!(again.to_text(), text);
    assert_eq!(again.lemma(WordClass::Adjective, "redder").unwrap().text, "red");
}

#[test]
fn broken_lines_of_the_text_form_are_named() {
    for line in ["", "red x2", "red n2x", "red  n", "!", "!x children child", "!n"] {
        let message =
            Lemmas::from_text(format!("apple n2\n{line}\n"), Path::new("lemmas.txt")).unwrap_err().to_string();
        let expected = format!("lemmas.txt:2: expected `word class[count]..` or `!class form base..`, got {line:?}");
        assert_eq!(message, expected);
    }
}

/// The words that the crate carries are those of WordNet 3.0; its packed form is pinned by what it says.
#[cfg(feature = "embedded")]
#[test]
fn the_embedded_words() {
    use codebook_prior::{Tag, noun_lemma};

    let lemmas = Lemmas::embedded().unwrap();
    let check = |word: &str, tag, lemma: &str| assert_eq!(noun_lemma(&lemmas, word, tag), lemma, "{word}");
    for (plural, singular) in [
        ("bills", "bill"),
        ("walls", "wall"),
        ("calls", "call"),
        ("petals", "petal"),
        ("wings", "wing"),
        ("children", "child"),
        ("feet", "foot"),
        ("women", "woman"),
        ("surfboards", "surfboard"),
        ("wakeboarders", "wakeboarder"), // in no dictionary
        ("jeans", "jeans"),
        ("people", "people"),
    ] {
        check(plural, Tag::NounPlural, singular);
    }
    check("glass", Tag::Noun, "glass");
    check("bus", Tag::Noun, "bus");
    check("mercedes", Tag::Name, "mercedes");
    assert_eq!(lemmas.lemma(WordClass::Verb, "riding").unwrap().text, "ride");
    assert!(lemmas.class(WordClass::Noun).count("fire_hydrant").is_some());
}
