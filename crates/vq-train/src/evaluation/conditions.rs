//! What decides the figures of an evaluation.

use serde::{Deserialize, Serialize};
use vq_model::Precision;

use super::DistancesConfig;
use crate::{DataConfig, Environment, Weights};

/// What decides the figures of an evaluation. Figures of two evaluations can be compared if tokenizers are all that these
/// differ in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationConditions {
    /// The tokenizer.
    pub tokenizer: EvaluatedTokenizer,
    /// The images.
    pub data: EvaluatedData,
    /// Kind of the activations.
    pub precision: Precision,
    /// Whether METEOR knew synonyms.
    pub synonyms: bool,
    /// Which distances were measured, with their options and seeds.
    #[serde(default)]
    pub distances: DistancesConfig,
    /// What it ran on.
    pub environment: Environment,
}

/// Which tokenizer was evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluatedTokenizer {
    /// The name of its experiment.
    pub experiment: String,
    /// The seed of its experiment.
    pub seed: u64,
    /// Steps that it was trained for.
    pub step: u64,
    /// SHA-256 of the checkpoint, and of the choice of weights where there is one.
    pub sha256: String,
    /// Which weights.
    pub weights: Weights,
}

/// Which images were evaluated, and how they were made ready: the middle square, resized as `vq-data` does, over the
/// background, never mirrored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluatedData {
    /// As configured; the validation set was evaluated.
    pub config: DataConfig,
    /// Images.
    pub images: u64,
    /// SHA-256 of the images as the tokenizer was given them (`f32`, little-endian), each followed by its captions, each
    /// of which ends with a zero byte.
    pub sha256: String,
    /// The damaged images that were met and skipped, for each of which the next sound one stands in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damaged: Vec<String>,
}
