//! What a generator was trained with.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use vq_experiment::{ConfigError, GeneratorExperiment, TokenizerSource, Weights, modernize_json, to_toml};

use crate::{Checkpoint, CheckpointFile, PipelineError, Trained};

/// A checkpoint of a generator's run: [`GeneratorSetup`], the generator's parameters, and the language of its texts.
///
/// The tokenizer is not in it; it is named by its path and its hash.
pub type GeneratorCheckpoint = CheckpointFile<GeneratorSetup>;

/// What a generator was trained with, and what it needs to be used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeneratorSetup {
    /// As configured.
    pub experiment: GeneratorExperiment,
    /// The tokenizer whose ids it makes.
    pub tokenizer: TokenizerReference,
    /// The tokenizer of segmentations, if they are the condition.
    pub segmentation: Option<TokenizerReference>,
    /// The classes by their number, if they are the condition.
    pub classes: Vec<String>,
    /// Height and width of an image in pixels.
    pub size: u32,
}

/// A tokenizer by its path and its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenizerReference {
    /// A run folder, or a checkpoint.
    pub run: PathBuf,
    /// Which of its weights.
    pub weights: Weights,
    /// SHA-256 of the checkpoint, and of the choice of weights where there is one ([`Checkpoint::sha256`]).
    pub sha256: String,
}

impl Trained for GeneratorSetup {
    const FORMAT: &'static str = "vqct-generator";
    const OPTIMIZER: &'static str = "generator";
    const FROM_VERSION_1: bool = false;

    fn averages(&self) -> bool {
        self.experiment.train.ema_decay.is_some()
    }

    fn to_toml(&self) -> Result<String, ConfigError> {
        to_toml(&self.experiment)
    }

    fn modernize(json: &mut Value, file: &str) -> Result<(), ConfigError> {
        json.get_mut("experiment").map_or(Ok(()), |experiment| modernize_json(experiment, file).map(drop))
    }
}

/// Reads the checkpoint of a tokenizer, and records its hash.
///
/// # Errors
/// Those of [`Checkpoint::open`](CheckpointFile::open).
pub fn open_tokenizer(source: &TokenizerSource) -> Result<(Checkpoint, TokenizerReference), PipelineError> {
    let checkpoint = Checkpoint::open(&source.run)?;
    let TokenizerSource { run, weights } = source.clone();
    let sha256 = checkpoint.sha256(weights);
    Ok((checkpoint, TokenizerReference { run, weights, sha256 }))
}

impl TokenizerReference {
    /// Reads the checkpoint, from another path if it was moved; `what` names its role in errors.
    ///
    /// # Errors
    /// [`PipelineError::OtherTokenizer`] if it has another hash; else those of [`Checkpoint::open`](CheckpointFile::open).
    pub fn open(&self, moved: Option<&Path>, what: &'static str) -> Result<Checkpoint, PipelineError> {
        let path = moved.unwrap_or(&self.run);
        let checkpoint = Checkpoint::open(path)?;
        let got = checkpoint.sha256(self.weights);
        if got != self.sha256 {
            let (path, expected) = (path.to_path_buf(), self.sha256.clone());
            return Err(PipelineError::OtherTokenizer { what, path, expected, got });
        }
        Ok(checkpoint)
    }
}
