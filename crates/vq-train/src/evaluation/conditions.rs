//! What decides the figures of an evaluation.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use vq_data::Batch;
use vq_model::Precision;

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
}

/// The hash of [`EvaluatedData::sha256`], as batches come.
#[derive(Default)]
pub(crate) struct DataHash(Sha256);

impl DataHash {
    pub(crate) fn update(&mut self, batch: &Batch, captions: &[Vec<String>]) {
        let values = batch.images.len() / batch.count.max(1);
        for (image, captions) in batch.images.chunks(values.max(1)).zip(captions) {
            for value in image {
                self.0.update(value.to_le_bytes());
            }
            for caption in captions {
                self.0.update(caption.as_bytes());
                self.0.update([0]);
            }
        }
    }

    pub(crate) fn finish(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
