use std::fmt;

use serde::{Deserialize, Serialize};

/// Part of speech of a code (VQCT section 3.1: the codebook is one of adjectives and one of nouns).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartOfSpeech {
    /// Says how a thing looks: `red`, `round`, `wooden`.
    Adjective,
    /// Says what a thing is: `apple`, `wheel`, `dog`.
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
/// A homograph (`orange`, both adjective and noun) is two words, one of each part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The word; no control characters, never empty.
    pub text: String,
    /// What the word is here.
    pub part_of_speech: PartOfSpeech,
    /// How often the word was seen in this part of speech, in the units that the provenance states.
    pub count: u64,
    /// Why the word was kept, for people; no control characters, empty where nothing was noted.
    pub reason: String,
}
