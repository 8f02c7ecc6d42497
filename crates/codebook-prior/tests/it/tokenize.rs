use codebook_prior::tokenize;
use proptest::prelude::*;

fn check(text: &str, words: &str) {
    assert_eq!(tokenize(text).join(" "), words);
}

#[test]
fn punctuation_marks_are_tokens() {
    check("A dog, a cat; and (maybe) a bird.", "A dog , a cat ; and ( maybe ) a bird .");
    check("Really?! Wow...", "Really ? ! Wow ...");
    check("the sign says \"stop\"", "the sign says \" stop \"");
    check("red -- or blue", "red -- or blue");
    check("One dog.Two dogs", "One dog . Two dogs");
    check("red,round", "red , round");
    check("", "");
}

#[test]
fn hyphens_and_numbers_stay_inside_words() {
    check("a t-shirt and a black-and-white dog", "a t-shirt and a black-and-white dog");
    check("1,000 people at 3:30 and 2.5 m", "1,000 people at 3:30 and 2.5 m");
    check("Michael J. Fox of the U.S. at 8 a.m. today", "Michael J. Fox of the U.S. at 8 a.m. today");
    check("a dog-", "a dog -");
}

#[test]
fn contractions_are_split() {
    check("the dog's owner isn't here", "the dog 's owner is n't here");
    check("they're men's hats, I'll say", "they 're men 's hats , I 'll say");
    check("one cannot, he can't", "one can not , he ca n't");
    check("the dogs' owner at four o'clock", "the dogs ' owner at four o'clock");
    check("the dog ’s owner won’t", "the dog ’s owner wo n’t");
}

#[test]
fn tokenized_text_stays() {
    let text = "A child in a pink dress is n't climbing the neighbour 's stairs .";
    check(text, text);
}

/// The golden is written by `tests/data/make_treebank_tokens.py`.
#[test]
fn tokens_equal_nltk() {
    let golden = include_str!("../data/treebank-tokens.tsv");
    assert_eq!(golden.lines().count(), 288);
    for line in golden.lines() {
        let (text, words) = line.split_once('\t').unwrap();
        check(text, words);
    }
}

proptest! {
    #[test]
    fn no_letter_is_lost(text in "\\PC*") {
        let words = tokenize(&text);
        prop_assert!(words.iter().all(|word| !word.is_empty()));
        let kept: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        prop_assert_eq!(words.concat(), kept);
    }

    #[test]
    fn tokenizing_twice_changes_nothing(text in "[a-zA-Z0-9'’.,:;!\\- ]{0,40}") {
        let once = tokenize(&text);
        prop_assert_eq!(once.concat(), tokenize(&once.join(" ")).concat());
    }
}
