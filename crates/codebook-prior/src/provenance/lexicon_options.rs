//! How captions are read into words and pairs.

use serde::{Deserialize, Serialize};

/// How captions are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LexiconOptions {
    /// Which adjectives before a noun form a pair with it.
    pub chains: Chains,
    /// How nouns of several words are read.
    pub multiword: Multiword,
}

/// Which adjectives before a noun form a pair with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Chains {
    /// The adjective immediately before the noun, as in the paper: `small red bird` gives `red bird`.
    #[default]
    Adjacent,
    /// All adjectives of an unbroken run: `small red bird` also gives `small bird`.
    Run,
    /// All adjectives of a list, across commas and `and`: `black and white dog` also gives `black dog`.
    List,
}

/// How nouns of several words that WordNet has are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Multiword {
    /// Each word is a noun of its own, as in the paper.
    #[default]
    Apart,
    /// Consecutive nouns are joined (`fire hydrant`, `new york`): the longest compound that WordNet has.
    Nouns,
    /// Adjectives are joined too: `hot dog` and `polar bear`, but also `little girl` and `old man`.
    All,
}

/// The order of words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LexiconOrder {
    /// The order of first occurrence in the captions.
    #[default]
    FirstSeen,
    /// By decreasing count; equal counts alphabetically.
    Frequency,
}
