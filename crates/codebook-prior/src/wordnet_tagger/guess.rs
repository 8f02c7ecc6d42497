//! Likely tags of unknown words, from their letters.

use super::lattice::Lattice;
use crate::text::Tag;

/// Endings of unknown words with the shares of their tags; of endings that share letters, the longest comes first.
const ENDINGS: [(&str, &[(Tag, f32)]); 20] = [
    ("ing", &[(Tag::Gerund, 0.7), (Tag::Noun, 0.25), (Tag::Adjective, 0.05)]),
    ("ed", &[(Tag::VerbPast, 0.35), (Tag::Participle, 0.35), (Tag::Adjective, 0.3)]),
    ("ly", &[(Tag::Adverb, 0.8), (Tag::Adjective, 0.2)]),
    ("ous", &[(Tag::Adjective, 1.0)]),
    ("able", &[(Tag::Adjective, 1.0)]),
    ("ible", &[(Tag::Adjective, 1.0)]),
    ("less", &[(Tag::Adjective, 1.0)]),
    ("like", &[(Tag::Adjective, 1.0)]),
    ("ful", &[(Tag::Adjective, 0.9), (Tag::Noun, 0.1)]),
    ("ish", &[(Tag::Adjective, 0.9), (Tag::Noun, 0.1)]),
    ("ive", &[(Tag::Adjective, 0.8), (Tag::Noun, 0.2)]),
    ("ical", &[(Tag::Adjective, 1.0)]),
    ("ic", &[(Tag::Adjective, 0.7), (Tag::Noun, 0.3)]),
    ("al", &[(Tag::Adjective, 0.7), (Tag::Noun, 0.3)]),
    ("ian", &[(Tag::Adjective, 0.5), (Tag::Noun, 0.5)]),
    ("est", &[(Tag::Superlative, 0.6), (Tag::Noun, 0.4)]),
    ("ss", &[(Tag::Noun, 1.0)]),
    ("us", &[(Tag::Noun, 0.9), (Tag::Adjective, 0.1)]),
    ("s", &[(Tag::NounPlural, 0.85), (Tag::VerbThird, 0.1), (Tag::Noun, 0.05)]),
    ("y", &[(Tag::Noun, 0.6), (Tag::Adjective, 0.4)]),
];

/// Adds the tags that an unknown lower-case word may have.
pub(super) fn guess(word: &str, lattice: &mut Lattice) {
    if let Some(hyphen) = word.rfind('-').filter(|at| *at > 0) {
        let tail = &word[hyphen + 1..];
        // `red-breasted`, `15-year`, `long-sleeve`: usually before a noun.
        let participle = tail.ends_with("ed") || tail.ends_with("ing");
        let share = if participle || word.starts_with(|c: char| c.is_ascii_digit()) { 0.85 } else { 0.4 };
        lattice.add(Tag::Adjective, share);
        let noun = if tail.ends_with('s') && !tail.ends_with("ss") { Tag::NounPlural } else { Tag::Noun };
        lattice.add(noun, 1.0 - share);
        return;
    }
    for (ending, tags) in ENDINGS {
        if word.len() > ending.len() + 1 && word.ends_with(ending) {
            tags.iter().for_each(|(tag, share)| lattice.add(*tag, *share));
            return;
        }
    }
    lattice.add(Tag::Noun, 0.85);
    lattice.add(Tag::Adjective, 0.08);
    lattice.add(Tag::Verb, 0.04);
    lattice.add(Tag::VerbPresent, 0.02);
    lattice.add(Tag::Interjection, 0.01);
}

/// Adds the tags of tokens that are not words (numbers, punctuation marks, addresses), and returns which it was.
pub(super) fn read_shape(word: &str, lattice: &mut Lattice) -> Shape {
    if !word.chars().any(char::is_alphanumeric) {
        lattice.add(Tag::Punctuation, 1.0);
        return Shape::Other;
    }
    if word.contains('@') || word.contains("://") || word.starts_with("www.") {
        lattice.add(Tag::Punctuation, 1.0);
        return Shape::Other;
    }
    if word.starts_with(|c: char| c.is_ascii_digit()) {
        let letters = word.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, ',' | '.' | ':' | '/'));
        match letters {
            "" => lattice.add(Tag::Number, 1.0),
            "st" | "nd" | "rd" | "th" => lattice.add(Tag::Adjective, 1.0),
            "s" | "'s" => lattice.add(Tag::NounPlural, 1.0),
            letters if letters.starts_with('-') && letters.chars().any(char::is_alphabetic) => return Shape::Word,
            letters if letters.chars().any(char::is_alphabetic) => {
                lattice.add(Tag::Noun, 0.6);
                lattice.add(Tag::Number, 0.2);
                lattice.add(Tag::Adjective, 0.2);
            }
            _ => lattice.add(Tag::Number, 1.0),
        }
        return Shape::Other;
    }
    Shape::Word
}

/// The kind of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A number, punctuation mark or address, whose tags were added.
    Other,
    /// A word, to be looked up.
    Word,
}
