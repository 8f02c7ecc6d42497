use serde::{Deserialize, Serialize};

use crate::{Captions, Embedding};

/// Where a prior comes from: enough to make it again, or to see that two priors are the same.
///
/// Names no folder and no date, so that the same sources give the same bytes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// The program and its version.
    pub made_by: String,
    /// The files read.
    pub sources: Vec<Source>,
    /// In files of before version 0.3, how words were chosen by rules that are no more; kept as it was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<serde_json::Value>,
    /// How words and edges were chosen from captions; `None` when they were not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captions: Option<Captions>,
    /// How vectors were made, in one line for people.
    pub vectors: String,
    /// The same for programs; `None` for vectors that come from no language model, and in files of before this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedding: Option<Embedding>,
    /// Set when the graph is a cut of the one that the rest describes.
    pub cut: Option<Cut>,
}

/// A file that went into a prior.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The work that the file belongs to, with its version: `WordNet 3.0`.
    pub work: String,
    /// The file's name, without its folder.
    pub file: String,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// How many words of each part a cut kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// Adjectives kept.
    pub adjectives: usize,
    /// Nouns kept.
    pub nouns: usize,
}
