//! What decides the figures of an evaluation.

use serde::{Deserialize, Serialize};
use vq_experiment::{DataConfig, Weights};
use vq_model::Precision;
use vq_run::Environment;

use super::distances::DistancesConfig;

/// What decides the figures of an evaluation. Figures of two evaluations can be compared if these differ in the
/// tokenizer alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationConditions {
    /// The tokenizer.
    pub tokenizer: EvaluatedTokenizer,
    /// The images.
    pub data: EvaluatedData,
    /// Dtype of the activations.
    pub precision: Precision,
    /// Whether METEOR used synonyms.
    pub synonyms: bool,
    /// Which distances were measured, with their options and seeds.
    #[serde(default)]
    pub distances: DistancesConfig,
    /// The environment.
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
    /// Its training steps.
    pub step: u64,
    /// SHA-256 of the checkpoint, and of the choice of weights where there is one.
    pub sha256: String,
    /// Which weights.
    pub weights: Weights,
}

/// Which images were evaluated, and how they were prepared: the middle square, resized by `vq-data`, over the
/// background, never mirrored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluatedData {
    /// The data, as configured; the validation set was evaluated.
    pub config: DataConfig,
    /// The number of images.
    pub images: u64,
    /// SHA-256 of images and captions ([`vq_pipeline::DataHash`]).
    pub sha256: String,
    /// The damaged images that were skipped; the next intact one replaces each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damaged: Vec<String>,
}
