//! The experiment of a generator.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize};
use vq_core::DeviceChoice;
use vq_generate::{GenerationConfig, GeneratorConfig};

use crate::error::check_value;
use crate::train::check_name;
use crate::{
    AdamConfig, BestBy, ConfigError, DataConfig, GuardsConfig, LanguageConfig, ScheduleConfig, TrainConfig, Weights,
};

/// Everything that decides the run of a generator; unknown keys are errors.
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
    /// The name, which names the run folder.
    pub name: String,
    /// Seeds initial weights, order of the data, dropout and masks.
    #[serde(default)]
    pub seed: u64,
    /// `auto`, `cpu` or `cuda:N`.
    #[serde(default)]
    pub device: DeviceChoice,
    /// The ids to train on.
    pub tokens: TokensConfig,
    /// The condition of an image.
    #[serde(default)]
    pub condition: ConditionConfig,
    /// The transformer.
    pub generator: GeneratorConfig,
    /// The samples that a validation draws.
    #[serde(default)]
    pub samples: SamplesConfig,
    /// The optimizer; by default AdamW with betas 0.9 and 0.95 and gradients clipped to a norm of 1.
    #[serde(default = "transformer_adam", deserialize_with = "over_transformer_adam")]
    pub optimizer: AdamConfig,
    /// The learning rate over the steps.
    pub schedule: ScheduleConfig,
    /// Lengths and intervals.
    pub train: TrainConfig,
    /// What happens when steps go wrong.
    #[serde(default)]
    pub guards: GuardsConfig,
}

/// The ids that a generator is trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokensConfig {
    /// The tokenizer between images and ids.
    pub tokenizer: TokenizerSource,
    /// Where the ids come from.
    #[serde(default)]
    pub source: TokenSource,
    /// Images in a micro-batch; `train.accumulate` micro-batches make a step.
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
    /// Images are tokenized as they are needed, augmented as the transform says.
    Images {
        /// The images; by default those of the tokenizer's run. Their `batch_size` is ignored.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<Box<DataConfig>>,
    },
    /// Ids that `vqct tokenize --store` wrote.
    Store {
        /// The ids to train on.
        train: PathBuf,
        /// The ids to validate on.
        validation: PathBuf,
    },
}

impl Default for TokenSource {
    fn default() -> Self {
        Self::Images { data: None }
    }
}

/// The condition of an image.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ConditionConfig {
    /// None.
    #[default]
    None,
    /// A class, from the labels of images.
    Class {
        /// Which label of an image is its class.
        #[serde(default)]
        level: LabelLevel,
        /// The classes; by default those of the token store.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        classes: Vec<String>,
    },
    /// A caption.
    Text {
        /// The language whose frozen token embeddings the generator reads.
        #[serde(default)]
        language: LanguageConfig,
        /// The largest number of tokens of a caption, including begin and end; longer captions are cut in training.
        max_tokens: i64,
    },
    /// A segmentation, as ids of a tokenizer that was trained on segmentations (`data.show`).
    Segmentation {
        /// That tokenizer.
        tokenizer: TokenizerSource,
    },
}

/// Which of an image's labels, which are ordered from coarse to fine, is its class.
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
    /// The label of this level, if there is one.
    pub fn of(self, labels: &[String]) -> Option<&String> {
        match self {
            Self::Finest => labels.last(),
            Self::Coarsest => labels.first(),
        }
    }
}

/// The samples that a validation draws for its grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SamplesConfig {
    /// Their number, at most that of the validation images; 16 by default.
    pub count: usize,
    /// The seed of the first sample; 0 by default.
    pub seed: u64,
    /// How ids are sampled.
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
    /// The first value that is out of range or does not fit the others, named by its key.
    pub fn check(&self) -> Result<(), ConfigError> {
        let Self { name, tokens, condition, train, guards, .. } = self;
        check_name(name)?;
        self.generator.check()?;
        self.samples.config.check()?;
        self.optimizer.check()?;
        self.schedule.check()?;
        guards.check()?;
        train.check()?;
        check_value("tokens.batch_size", tokens.batch_size > 0, "at least 1", tokens.batch_size)?;
        check_value("samples.count", self.samples.count > 0, "at least 1", self.samples.count)?;
        check_value("guards.usage", guards.usage.is_none(), "none for a generator, which has no codebook", "a table")?;
        let by = train.best_by.unwrap_or(BestBy::Likelihood);
        check_value("train.best_by", by == BestBy::Likelihood, "`likelihood` for a generator", by.name())?;
        match condition {
            ConditionConfig::Text { max_tokens, .. } => {
                check_value("condition.max_tokens", *max_tokens >= 2, "at least 2, for begin and end", max_tokens)
            }
            _ => Ok(()),
        }
    }
}

fn transformer_adam() -> AdamConfig {
    AdamConfig { beta1: 0.9, beta2: 0.95, clip: Some(1.0), ..AdamConfig::default() }
}

/// Reads options over those of [`transformer_adam`].
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
