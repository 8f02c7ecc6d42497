//! Counted words and pairs.

use serde::{Deserialize, Serialize};
use vq_file::sha256_hex;

/// The adjectives and nouns of captions with their counts, and how often each adjective occurs before each noun (VQCT
/// section 3.1).
///
/// A word that is both (`orange`) is in both lists, each with its own count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lexicon {
    /// Adjectives in lower case.
    pub adjectives: Vec<LexiconEntry>,
    /// Nouns in base form and lower case; the words of compounds are separated by spaces.
    pub nouns: Vec<LexiconEntry>,
    /// The pairs, sorted by adjective, then noun; no duplicates.
    pub pairs: Vec<LexiconPair>,
}

/// A word with its count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LexiconEntry {
    /// The word.
    pub text: String,
    /// How often the word occurs in this part of speech.
    pub count: u64,
}

/// An adjective before a noun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LexiconPair {
    /// Index into [`Lexicon::adjectives`].
    pub adjective: u32,
    /// Index into [`Lexicon::nouns`].
    pub noun: u32,
    /// How often the pair occurs.
    pub weight: u64,
}

impl Lexicon {
    /// The canonical bytes: JSON, equal for equal lexicons; serde can read it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = String::from("{\"adjectives\":[");
        push_entries(&mut text, &self.adjectives);
        text.push_str("],\"nouns\":[");
        push_entries(&mut text, &self.nouns);
        text.push_str("],\"pairs\":[");
        for (at, LexiconPair { adjective, noun, weight }) in self.pairs.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            text.push_str(&format!("{comma}{{\"adjective\":{adjective},\"noun\":{noun},\"weight\":{weight}}}"));
        }
        text.push_str("]}");
        text.into_bytes()
    }

    /// SHA-256 of [`Lexicon::to_bytes`], in hexadecimal.
    pub fn sha256(&self) -> String {
        sha256_hex(&self.to_bytes())
    }
}

fn push_entries(text: &mut String, entries: &[LexiconEntry]) {
    for (at, LexiconEntry { text: word, count }) in entries.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        let word = serde_json::Value::from(word.as_str());
        text.push_str(&format!("{comma}{{\"text\":{word},\"count\":{count}}}"));
    }
}
