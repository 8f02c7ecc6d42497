//! The words of captions, and which stand beside which.

mod builder;
mod choose;
mod phrases;
mod tally;

use serde::{Deserialize, Serialize};

pub use builder::LexiconBuilder;
pub(crate) use choose::ranked;
pub use choose::{LexiconChoice, LexiconOrder};

use crate::text_file::sha256;

/// The adjectives and nouns of a body of captions, with how often each was read, and how often each adjective stood
/// before each noun (VQCT section 3.1).
///
/// A word that is both (`orange`) stands in both lists, each with its own count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lexicon {
    /// Adjectives in lower case.
    pub adjectives: Vec<LexiconEntry>,
    /// Nouns in base form and lower case; those of several words, if joined, with spaces.
    pub nouns: Vec<LexiconEntry>,
    /// The pairs, sorted by adjective, then noun; no pair twice.
    pub pairs: Vec<LexiconPair>,
}

/// A word with its count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LexiconEntry {
    /// The word.
    pub text: String,
    /// How often it was read in this part of speech.
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
    /// How often they stood together.
    pub weight: u64,
}

/// How captions are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LexiconOptions {
    /// Which adjectives before a noun make a pair with it.
    pub chains: Chains,
    /// What becomes of nouns of several words.
    pub multiword: Multiword,
}

/// Which adjectives before a noun make a pair with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Chains {
    /// The one immediately before it, as in the paper: `small red bird` gives `red bird`.
    #[default]
    Adjacent,
    /// All of an unbroken run: `small red bird` gives `small bird` too.
    Run,
    /// All of a list, across commas and `and`: `black and white dog` gives `black dog` too.
    List,
}

/// What becomes of nouns of several words that WordNet has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Multiword {
    /// Each word is a noun of its own, as in the paper.
    #[default]
    Apart,
    /// Nouns in a row are joined: `fire hydrant`, `new york`; the longest that WordNet has.
    Nouns,
    /// Adjectives too: `hot dog`, `polar bear`; but also `little girl` and `old man`.
    All,
}

impl Lexicon {
    /// The canonical bytes: JSON, the same for equal lexicons; serde reads them back.
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
        sha256(&self.to_bytes())
    }
}

fn push_entries(text: &mut String, entries: &[LexiconEntry]) {
    for (at, LexiconEntry { text: word, count }) in entries.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        let word = serde_json::Value::from(word.as_str());
        text.push_str(&format!("{comma}{{\"text\":{word},\"count\":{count}}}"));
    }
}
