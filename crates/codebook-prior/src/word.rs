//! Words: the nodes of a prior graph.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Part of speech of a code. The codebook has one group of adjectives and one of nouns (VQCT section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartOfSpeech {
    /// Describes how an object looks: `red`, `round`, `wooden`.
    Adjective,
    /// Names an object: `apple`, `wheel`, `dog`.
    Noun,
}

impl fmt::Display for PartOfSpeech {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Adjective => "adjective",
            Self::Noun => "noun",
        })
    }
}

/// A node of the prior graph: one word in one part of speech.
///
/// A homograph (`orange` is an adjective and a noun) is two words, one per part of speech.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The text: not empty, without control characters.
    pub text: String,
    /// The part of speech.
    pub part_of_speech: PartOfSpeech,
    /// How often the word occurs in this part of speech, in the corpora that the provenance names.
    pub count: u64,
    /// Why the word was kept, for people: without control characters; empty if nothing was recorded.
    pub reason: String,
}
