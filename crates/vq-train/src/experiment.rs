//! One experiment, as a TOML file states it.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vq_core::DeviceChoice;
use vq_data::{ImageSource, MapsAsImages, Transform};
use vq_model::{AutoencoderConfig, Precision};

use crate::captions::PARAMETERS;
use crate::checkpoint_header::{TOKENIZER, Trained};
use crate::{
    AdamConfig, AdversarialConfig, CaptionsConfig, Checkpoint, DatasetPair, FolderConfig, GuardsConfig, LossConfig,
    QuantizerConfig, RunDir, ScenesConfig, ScheduleConfig, TrainError, Weights,
};

/// Everything that decides a run; unknown keys are refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// Names the run folder.
    pub name: String,
    /// Decides initial weights, order of the data, backgrounds and dropout.
    #[serde(default)]
    pub seed: u64,
    /// `auto`, `cpu` or `cuda:N`.
    #[serde(default)]
    pub device: DeviceChoice,
    /// What to train on.
    pub data: DataConfig,
    /// Encoder and decoder.
    pub autoencoder: AutoencoderConfig,
    /// Codebook and quantizer.
    pub quantizer: QuantizerConfig,
    /// What is minimized.
    #[serde(default)]
    pub loss: LossConfig,
    /// A discriminator and its word in what is minimized; none: no discriminator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adversarial: Option<AdversarialConfig>,
    /// Captions as supervision of codes; none: captions are not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captions: Option<CaptionsConfig>,
    /// The trained tokenizer to begin with; none: random weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<StartConfig>,
    /// The optimizer.
    #[serde(default)]
    pub optimizer: AdamConfig,
    /// The learning rate over the steps.
    pub schedule: ScheduleConfig,
    /// Lengths and intervals.
    pub train: TrainConfig,
    /// What is done when steps go wrong.
    #[serde(default)]
    pub guards: GuardsConfig,
}

/// A trained tokenizer to begin with, of the same autoencoder and quantizer; its words are taken over too.
/// What reads captions begins anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartConfig {
    /// A run folder, or a checkpoint. A resumed run does not need it any more.
    pub run: PathBuf,
    /// Which of its weights, if it kept an average of them.
    #[serde(default)]
    pub weights: Weights,
    /// What learns.
    #[serde(default)]
    pub learn: Learn,
}

impl Trained for Experiment {
    const FORMAT: &'static str = "vqct-checkpoint";
    const OPTIMIZER: &'static str = TOKENIZER;
    const FROM_VERSION_1: bool = true;

    fn averages(&self) -> bool {
        self.train.ema.is_some()
    }

    fn learns(&self, name: &str) -> bool {
        let learn = self.start.as_ref().map_or(Learn::All, |start| start.learn);
        learn == Learn::All || name.split('.').next() == Some(PARAMETERS)
    }

    fn to_toml(&self) -> Result<String, TrainError> {
        to_toml(self)
    }
}

/// The text of a `config.toml`.
pub(crate) fn to_toml(config: &impl Serialize) -> Result<String, TrainError> {
    toml::to_string(config)
        .map_err(|error| TrainError::Config { file: "config.toml".into(), message: error.to_string() })
}

impl StartConfig {
    pub(crate) fn open(&self) -> Result<Checkpoint, TrainError> {
        match self.run.is_dir() {
            true => Checkpoint::open(&RunDir::existing(&self.run).checkpoint()),
            false => Checkpoint::open(&self.run),
        }
    }
}

/// What learns in a run that begins with a trained tokenizer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Learn {
    /// Everything.
    #[default]
    All,
    /// What reads captions; the tokenizer stays as it is.
    Captions,
}

/// What to train on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// Where images come from.
    pub source: SourceConfig,
    /// From image to tensor, in training; validation never augments.
    pub transform: Transform,
    /// Images in a batch; `train.accumulate` batches make a step.
    pub batch_size: usize,
    /// What is shown of them.
    #[serde(default, skip_serializing_if = "Shown::is_default")]
    pub show: Shown,
}

/// What is shown of images.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shown {
    /// The images themselves.
    #[default]
    Images,
    /// Their segmentations, each number in a colour of its own ([`vq_data::map_picture`]).
    Segmentations,
}

impl Shown {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// A source as it is shown.
    pub(crate) fn of(self, source: Arc<dyn ImageSource>) -> Arc<dyn ImageSource> {
        match self {
            Self::Images => source,
            Self::Segmentations => Arc::new(MapsAsImages::new(source)),
        }
    }
}

/// Where images come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum SourceConfig {
    /// The embedded emoji with their own split.
    Emoji,
    /// Folders of images.
    Folder(FolderConfig),
    /// Scenes made of the embedded emoji.
    Scenes(ScenesConfig),
    /// Data sets in their own layouts.
    Dataset(Box<DatasetPair>),
}

impl SourceConfig {
    /// Checks what needs no disk.
    pub(crate) fn check(&self, transform: &Transform) -> Result<(), TrainError> {
        match self {
            Self::Emoji => Ok(()),
            Self::Folder(folder) => folder.check(),
            Self::Scenes(scenes) => scenes.check(transform),
            Self::Dataset(pair) => pair.check(),
        }
    }
}

/// Lengths and intervals, in optimizer steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// Steps of the whole run.
    pub steps: u64,
    /// A line of `metrics.jsonl` every so many steps.
    #[serde(default = "default_log_every")]
    pub log_every: u64,
    /// Validation and a grid of reconstructions every so many steps, and at the end.
    #[serde(default = "default_interval")]
    pub validate_every: u64,
    /// A checkpoint every so many steps, and at the end.
    #[serde(default = "default_interval")]
    pub checkpoint_every: u64,
    /// Batches of `data.batch_size` whose gradients make a step: with `n`, a step is that of a batch `n` times as large.
    #[serde(default = "one")]
    pub accumulate: u64,
    /// Kind of number of the activations of encoder and decoder, `f32` or `bf16`; parameters, codes and losses are `f32`.
    #[serde(default)]
    pub precision: Precision,
    /// Decay of a moving average of the weights, such as 0.999; validation and the tokenizer's users then have the
    /// average. None: no average.
    #[serde(default)]
    pub ema: Option<f64>,
    /// So many checkpoints are kept, the newest first, and the best besides.
    #[serde(default = "three")]
    pub keep: usize,
    /// The figure of validation by which a checkpoint is the best; PSNR of a tokenizer if none is given, and of a
    /// generator the likelihood, which is all that it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_by: Option<BestBy>,
}

impl TrainConfig {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`TrainError::Option`] naming the key.
    pub fn check(&self) -> Result<(), TrainError> {
        let refuse = |key, expected: &str, got: String| Err(TrainError::Option { key, expected: expected.into(), got });
        if let Some(decay) = self.ema.filter(|decay| !(0.0..1.0).contains(decay)) {
            return refuse("train.ema", "a number in 0..1", decay.to_string());
        }
        let positive = [
            ("train.steps", self.steps),
            ("train.log_every", self.log_every),
            ("train.validate_every", self.validate_every),
            ("train.checkpoint_every", self.checkpoint_every),
            ("train.accumulate", self.accumulate),
            ("train.keep", self.keep as u64),
        ];
        match positive.into_iter().find(|&(_, value)| value == 0) {
            Some((key, _)) => refuse(key, "at least 1", "0".into()),
            None => Ok(()),
        }
    }
}

/// A figure of validation; higher is better.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BestBy {
    /// Peak signal-to-noise ratio.
    #[default]
    Psnr,
    /// Structural similarity.
    Ssim,
    /// Structural similarity over several scales.
    MsSsim,
    /// Of a generator, how likely it finds the ids of images.
    Likelihood,
}

fn one() -> u64 {
    1
}

fn three() -> usize {
    3
}

fn default_log_every() -> u64 {
    10
}

fn default_interval() -> u64 {
    200
}
