//! What a generator's checkpoint says of itself.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::config::{GeneratorExperiment, TokenizerSource};
use crate::checkpoint_header::Trained;
use crate::experiment::to_toml;
use crate::{Checkpoint, CheckpointFile, RunDir, TrainError, Weights};

/// A checkpoint of a generator's run: [`GeneratorSetup`], the generator's parameters, and the language of its texts.
///
/// The tokenizer is not in it; it is named by its place and its hash.
pub type GeneratorCheckpoint = CheckpointFile<GeneratorSetup>;

/// What a generator was trained with, and what it needs to be used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeneratorSetup {
    /// As configured.
    pub experiment: GeneratorExperiment,
    /// The tokenizer whose ids it makes.
    pub tokenizer: TokenizerReference,
    /// That of segmentations, if images are to show such.
    pub segmentation: Option<TokenizerReference>,
    /// The classes by their number, if images are to show such.
    pub classes: Vec<String>,
    /// Height and width of an image in pixels.
    pub size: u32,
}

/// A tokenizer by its place and its hash.
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
        self.experiment.train.ema.is_some()
    }

    fn to_toml(&self) -> Result<String, TrainError> {
        to_toml(&self.experiment)
    }
}

impl TokenizerSource {
    /// Reads the checkpoint, and notes its hash.
    pub(crate) fn open(&self) -> Result<(Checkpoint, TokenizerReference), TrainError> {
        let checkpoint = open(&self.run)?;
        let Self { run, weights } = self.clone();
        let sha256 = checkpoint.sha256(weights);
        Ok((checkpoint, TokenizerReference { run, weights, sha256 }))
    }
}

impl TokenizerReference {
    /// Reads the checkpoint, from another place if one is given; `what` it is for is said in errors.
    ///
    /// # Errors
    /// [`TrainError::OtherTokenizer`] if it has another hash; else those of [`Checkpoint`]'s reading.
    pub(crate) fn open(&self, moved: Option<&Path>, what: &'static str) -> Result<Checkpoint, TrainError> {
        let path = moved.unwrap_or(&self.run);
        let checkpoint = open(path)?;
        let got = checkpoint.sha256(self.weights);
        if got != self.sha256 {
            let (path, expected) = (path.to_path_buf(), self.sha256.clone());
            return Err(TrainError::OtherTokenizer { what, path, expected, got });
        }
        Ok(checkpoint)
    }
}

fn open(run: &Path) -> Result<Checkpoint, TrainError> {
    match run.is_dir() {
        true => Checkpoint::open(&RunDir::existing(run).checkpoint()),
        false => Checkpoint::open(run),
    }
}
