use serde::{Deserialize, Serialize};

use crate::{Pooling, Prompts, Refinement, SentencePooling, WordPlace};

/// How a language model made the vectors of a prior; the hashes of its files are among the prior's sources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Embedding {
    /// The model, as the sources call the work that its files belong to.
    pub model: String,
    /// What of the model was used, and how.
    pub method: EmbeddingMethod,
    /// What was done to the vectors of all words afterwards.
    #[serde(default)]
    pub refinement: Refinement,
}

/// What of a language model makes a word's vector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum EmbeddingMethod {
    /// Rows of the input embedding, `EmbeddingTable`.
    Table {
        /// The tensor's name.
        tensor: String,
        /// How the rows of a word's tokens become one.
        pooling: Pooling,
        /// How the word was presented to the tokenizer.
        place: WordPlace,
    },
    /// Prompts through the text encoder, `TextEncoder`.
    Encoder {
        /// The text that a word was set into.
        prompts: Prompts,
        /// How the states of a prompt's tokens become one vector.
        pooling: SentencePooling,
    },
}
