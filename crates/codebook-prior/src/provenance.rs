//! Where a prior comes from.

mod caption_provenance;
mod caption_recipe;
mod embedding;
mod lexicon_options;
mod pooling;
mod prompts;
mod vision_filter;

use serde::{Deserialize, Serialize};

pub use caption_provenance::{CaptionProvenance, CorpusUse};
pub use caption_recipe::{CaptionRecipe, Homographs, LimitPriority};
pub use embedding::{EmbeddingMethod, EmbeddingProvenance};
pub use lexicon_options::{Chains, LexiconOptions, LexiconOrder, Multiword};
pub use pooling::{SentencePooling, SubwordPooling, WordContext};
pub use prompts::Prompts;
pub use vision_filter::{Seeds, UnknownWords, VisionFilter, Writing};

/// Where a prior comes from: enough to build it again, or to see that two priors are the same.
///
/// It names no folder and no date, so that the same sources give the same bytes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// The program and its version.
    pub made_by: String,
    /// The files that were read.
    pub sources: Vec<Source>,
    /// The rules by which old priors chose words, before `captions` existed; kept as found in the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<serde_json::Value>,
    /// How words and edges were chosen from captions; `None` if they come from elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captions: Option<CaptionProvenance>,
    /// How the vectors were computed, in one line for people.
    pub vectors: String,
    /// How the vectors were computed, for programs; `None` if they come from no language model, and in old files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedding: Option<EmbeddingProvenance>,
    /// Present if the graph is a cut of the one that the other fields describe.
    pub cut: Option<Cut>,
}

/// A file that a prior was built from.
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

/// How many words of each part of speech a cut kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// Adjectives kept.
    pub adjectives: usize,
    /// Nouns kept.
    pub nouns: usize,
}
