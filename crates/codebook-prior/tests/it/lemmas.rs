use std::path::Path;

use codebook_prior::{Lemmas, Tag, WordClass, noun_lemma};

#[test]
fn broken_lines_of_the_text_form_are_refused() {
    for line in ["", "red x2", "red n2x", "red  n", "!", "!x children child", "!n"] {
        let message =
            Lemmas::from_text(&format!("apple n2\n{line}\n"), Path::new("lemmas.txt")).unwrap_err().to_string();
        let expected = format!("lemmas.txt:2: expected `word class[count]..` or `!class form base..`, got {line:?}");
        assert_eq!(message, expected);
    }
}

/// The embedded words are those of WordNet 3.0.
#[test]
fn the_embedded_words() {
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
