//! Which language model computed the vectors, and how.

use serde::{Deserialize, Serialize};

use super::pooling::{SentencePooling, SubwordPooling, WordContext};
use super::prompts::Prompts;
use crate::refinement::Refinement;

/// How a language model computed the vectors of a prior. The model's files are among the prior's sources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddingProvenance {
    /// The model: [`Source::work`](crate::Source::work) of its files.
    pub model: String,
    /// What part of the model was used, and how.
    pub method: EmbeddingMethod,
    /// The transform that was applied to the vectors of all words.
    #[serde(default)]
    pub refinement: Refinement,
}

/// What part of a language model computes the vector of a word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum EmbeddingMethod {
    /// Rows of the input embedding (`EmbeddingTable` of the crate `prior-builder`).
    Table {
        /// The tensor's name.
        tensor: String,
        /// How the rows of a word's subwords are pooled.
        pooling: SubwordPooling,
        /// How the word was passed to the tokenizer.
        #[serde(rename = "place")]
        context: WordContext,
    },
    /// Prompts through the text encoder (`TextEncoder` of the crate `prior-builder`).
    Encoder {
        /// The prompts.
        prompts: Prompts,
        /// How the states of a prompt's tokens are pooled.
        pooling: SentencePooling,
    },
}
