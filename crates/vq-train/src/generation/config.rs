//! A generator's experiment, as a TOML file states it.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize};
use vq_core::DeviceChoice;
use vq_generate::{GenerationConfig, GeneratorConfig};

use crate::{
    AdamConfig, BestBy, DataConfig, GuardsConfig, LanguageConfig, ScheduleConfig, TrainConfig, TrainError, Weights,
};

/// Everything that decides a generator's run; unknown keys are refused.
///
/// ```toml
/// name = "scenes-from-text"
///
/// [tokens]
/// tokenizer = { run = "runs/scenes-001" }
/// source = { kind = "store", train = "tokens/train.safetensors", validation = "tokens/validation.safetensors" }
/// batch_size = 64
///
/// [condition]
/// kind = "text"
/// max_tokens = 24
///
/// [generator]
/// order = { kind = "autoregressive", depth_layers = 1 }
/// transformer = { width = 192, heads = 6, layers = 4 }
///
/// [schedule]
/// learning_rate = 1e-3
/// warmup = 100
///
/// [train]
/// steps = 2000
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeneratorExperiment {
    /// Names the run folder.
    pub name: String,
    /// Decides initial weights, order of the data, dropout and masks.
    #[serde(default)]
    pub seed: u64,
    /// `auto`, `cpu` or `cuda:N`.
    #[serde(default)]
    pub device: DeviceChoice,
    /// Which ids it learns to make.
    pub tokens: TokensConfig,
    /// What images are to show.
    #[serde(default)]
    pub condition: ConditionConfig,
    /// The transformer.
    pub generator: GeneratorConfig,
    /// The samples of a validation.
    #[serde(default)]
    pub samples: SamplesConfig,
    /// The optimizer: AdamW with the betas 0.9 and 0.95, and gradients clipped to a norm of 1, if nothing is given.
    #[serde(default = "transformer_adam", deserialize_with = "over_transformer_adam")]
    pub optimizer: AdamConfig,
    /// The learning rate over the steps.
    pub schedule: ScheduleConfig,
    /// Lengths and intervals.
    pub train: TrainConfig,
    /// What is done when steps go wrong.
    #[serde(default)]
    pub guards: GuardsConfig,
}

/// Which ids a generator learns to make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokensConfig {
    /// What makes ids of images, and images of ids.
    pub tokenizer: TokenizerSource,
    /// Where they come from.
    #[serde(default)]
    pub source: TokenSource,
    /// Images in a batch; `train.accumulate` batches make a step.
    pub batch_size: usize,
}

/// A trained tokenizer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenizerSource {
    /// A run folder, or a checkpoint.
    pub run: PathBuf,
    /// Which of its weights, if it kept an average of them.
    #[serde(default)]
    pub weights: Weights,
}

/// Where ids come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum TokenSource {
    /// Made of images as they are needed, augmented as the transform says.
    Images {
        /// The images; those that the tokenizer was trained on if none are given. Their `batch_size` has no meaning here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<Box<DataConfig>>,
    },
    /// Made beforehand, by `vqct tokenize`.
    Store {
        /// Those to train on.
        train: PathBuf,
        /// Those to validate on.
        validation: PathBuf,
    },
}

impl Default for TokenSource {
    fn default() -> Self {
        Self::Images { data: None }
    }
}

/// What images are to show.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ConditionConfig {
    /// Anything.
    #[default]
    None,
    /// One of the classes that the labels of images name.
    Class {
        /// Which label of an image is its class.
        #[serde(default)]
        level: LabelLevel,
        /// The classes; those that the token store has if none are given.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        classes: Vec<String>,
    },
    /// A caption.
    Text {
        /// The language model whose frozen embeddings stand for its words.
        #[serde(default)]
        language: LanguageConfig,
        /// The most tokens of a caption, begin and end among them; longer ones are cut in training.
        max_tokens: i64,
    },
    /// A segmentation, in the ids of a tokenizer that was trained on pictures of such (`data.show`).
    Segmentation {
        /// That tokenizer.
        tokenizer: TokenizerSource,
    },
}

/// Which of an image's labels, which go from coarse to fine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LabelLevel {
    /// The last.
    #[default]
    Finest,
    /// The first.
    Coarsest,
}

impl LabelLevel {
    pub(crate) fn of(self, labels: &[String]) -> Option<&String> {
        match self {
            Self::Finest => labels.last(),
            Self::Coarsest => labels.first(),
        }
    }
}

/// The samples of a validation, of which a grid is made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SamplesConfig {
    /// How many, at most as many as there are validation images; 16 by default.
    pub count: usize,
    /// Decides what is drawn; 0 by default.
    pub seed: u64,
    /// How ids are drawn.
    pub config: GenerationConfig,
}

impl Default for SamplesConfig {
    fn default() -> Self {
        Self { count: 16, seed: 0, config: GenerationConfig::default() }
    }
}

impl GeneratorExperiment {
    /// Checks what needs neither disk nor device.
    ///
    /// # Errors
    /// The first thing that makes no sense, named by its key.
    pub fn check(&self) -> Result<(), TrainError> {
        let refuse = |key, expected: &str, got: String| Err(TrainError::Option { key, expected: expected.into(), got });
        let Self { name, tokens, condition, train, guards, .. } = self;
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
            return refuse("name", "letters, digits, `-`, `_` and `.`", format!("`{name}`"));
        }
        self.generator.check()?;
        self.samples.config.check()?;
        self.optimizer.check()?;
        self.schedule.check()?;
        guards.check()?;
        train.check()?;
        if tokens.batch_size == 0 {
            return refuse("tokens.batch_size", "at least 1", "0".into());
        }
        if self.samples.count == 0 {
            return refuse("samples.count", "at least 1", "0".into());
        }
        if guards.usage.is_some() {
            return refuse("guards.usage", "none for a generator, which chooses no codes", "a table".into());
        }
        if let Some(by) = train.best_by.filter(|&by| by != BestBy::Likelihood) {
            return refuse("train.best_by", "`likelihood` for a generator", format!("{by:?}").to_lowercase());
        }
        match condition {
            ConditionConfig::Text { max_tokens, .. } if *max_tokens < 2 => {
                refuse("condition.max_tokens", "at least 2, for begin and end", max_tokens.to_string())
            }
            _ => Ok(()),
        }
    }
}

fn transformer_adam() -> AdamConfig {
    AdamConfig { beta1: 0.9, beta2: 0.95, clip: Some(1.0), ..AdamConfig::default() }
}

/// What is not given is as in [`transformer_adam`].
fn over_transformer_adam<'de, D: Deserializer<'de>>(deserializer: D) -> Result<AdamConfig, D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Given {
        beta1: f64,
        beta2: f64,
        epsilon: f64,
        weight_decay: f64,
        clip: Option<f64>,
    }
    impl Default for Given {
        fn default() -> Self {
            let AdamConfig { beta1, beta2, epsilon, weight_decay, clip } = transformer_adam();
            Self { beta1, beta2, epsilon, weight_decay, clip }
        }
    }
    let Given { beta1, beta2, epsilon, weight_decay, clip } = Given::deserialize(deserializer)?;
    Ok(AdamConfig { beta1, beta2, epsilon, weight_decay, clip })
}
