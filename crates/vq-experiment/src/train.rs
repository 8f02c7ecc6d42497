//! Lengths and intervals of a run.

use serde::{Deserialize, Serialize};
use vq_model::Precision;

use crate::ConfigError;
use crate::error::check_value;

/// Lengths and intervals, in optimizer steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// Steps of the whole run.
    pub steps: u64,
    /// Steps between lines of `metrics.jsonl`.
    #[serde(default = "default_log_every")]
    pub log_every: u64,
    /// Steps between validations; the last step is always validated.
    #[serde(default = "default_interval")]
    pub validate_every: u64,
    /// Steps between checkpoints; the last step always has one.
    #[serde(default = "default_interval")]
    pub checkpoint_every: u64,
    /// Micro-batches of `data.batch_size` whose gradients make a step; with `n`, the step is that of a batch `n` times
    /// as large.
    #[serde(default = "one")]
    pub accumulate: u64,
    /// Dtype of the activations of encoder and decoder, `f32` or `bf16`; parameters, codes and losses are `f32`.
    #[serde(default)]
    pub precision: Precision,
    /// Decay of an exponential moving average of the weights, such as 0.999, which validation and users of the
    /// tokenizer then get; none: no average.
    #[serde(default)]
    pub ema_decay: Option<f64>,
    /// Checkpoints to keep: the newest ones, and the best one besides.
    #[serde(default = "three")]
    pub keep_checkpoints: usize,
    /// The validation figure that decides which checkpoint is the best: by default PSNR for a tokenizer. A generator is
    /// ranked by its likelihood, a scene classifier by its F1 of objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_by: Option<BestBy>,
}

impl TrainConfig {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`ConfigError::Value`] naming the key.
    pub fn check(&self) -> Result<(), ConfigError> {
        let decay = self.ema_decay.unwrap_or_default();
        check_value("train.ema_decay", (0.0..1.0).contains(&decay), "a number in 0..1", decay)?;
        let positive = [
            ("train.steps", self.steps),
            ("train.log_every", self.log_every),
            ("train.validate_every", self.validate_every),
            ("train.checkpoint_every", self.checkpoint_every),
            ("train.accumulate", self.accumulate),
            ("train.keep_checkpoints", self.keep_checkpoints as u64),
        ];
        positive.into_iter().try_for_each(|(key, value)| check_value(key, value > 0, "at least 1", value))
    }
}

/// A validation figure that ranks checkpoints.
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
    /// For a generator: the likelihood of the ids of images.
    Likelihood,
    /// For a scene classifier: F1 of the objects that it finds.
    ObjectF1,
}

impl BestBy {
    /// The name in an experiment.
    pub fn name(self) -> &'static str {
        match self {
            Self::Psnr => "psnr",
            Self::Ssim => "ssim",
            Self::MsSsim => "ms-ssim",
            Self::Likelihood => "likelihood",
            Self::ObjectF1 => "object-f1",
        }
    }

    /// The name of an image metric, if it is one.
    pub fn image_metric(self) -> Option<&'static str> {
        match self {
            Self::Psnr => Some("psnr"),
            Self::Ssim => Some("ssim"),
            Self::MsSsim => Some("ms_ssim"),
            Self::Likelihood | Self::ObjectF1 => None,
        }
    }
}

/// Checks the name of an experiment, which names its run folders.
pub(crate) fn check_name(name: &str) -> Result<(), ConfigError> {
    let fits = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    check_value("name", fits, "letters, digits, `-`, `_` and `.`", format!("`{name}`"))
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
