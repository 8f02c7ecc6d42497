//! Codebook and quantizer, from configuration to object.

use std::path::PathBuf;

use codebook_prior::PriorGraph;
use serde::{Deserialize, Serialize};
use tch::nn;
use transfer_net::{TransferConfig, TransferNet};
use vq_core::{
    Codebook, CommitmentConfig, FixedCodebook, Group, GroupedQuantizer, LearnedCodebook, NearestConfig,
    NearestQuantizer, Quantizer,
};

use crate::TrainError;

/// Which codebook, and how latents meet it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum QuantizerConfig {
    /// VQCT: codes transferred from words; adjectives and nouns are groups.
    Vqct {
        /// The words.
        prior: PriorConfig,
        /// The network from words to codes.
        #[serde(default)]
        transfer: TransferConfig,
        /// Width of a code.
        width: i64,
        /// Adjectives averaged per position; the paper has 2.
        #[serde(default = "two")]
        adjectives: i64,
        /// The loss between latents and codes.
        #[serde(default)]
        commitment: CommitmentConfig,
    },
    /// Baseline: the same groups, but each code learned on its own.
    Grouped {
        /// Codes in the first group.
        adjectives: i64,
        /// Codes in the second group.
        nouns: i64,
        /// Width of a code.
        width: i64,
        /// Codes of the first group averaged per position.
        #[serde(default = "two")]
        nearest: i64,
        /// The loss between latents and codes.
        #[serde(default)]
        commitment: CommitmentConfig,
    },
    /// Baseline: plain VQ, one group of learned codes.
    Nearest {
        /// Number of codes.
        codes: i64,
        /// Width of a code.
        width: i64,
        /// The loss between latents and codes.
        #[serde(default)]
        commitment: CommitmentConfig,
    },
}

fn two() -> i64 {
    2
}

/// Which words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriorConfig {
    /// The file, or the embedded one.
    pub source: PriorSource,
    /// Keep only the first so many adjectives.
    pub adjectives: Option<usize>,
    /// Keep only the first so many nouns.
    pub nouns: Option<usize>,
    /// The width of the embeddings, if it must be a certain one.
    pub width: Option<usize>,
}

/// Where a prior lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum PriorSource {
    /// The one that `codebook-prior` carries.
    Embedded,
    /// A `prior.safetensors`.
    File(PathBuf),
}
