//! The header of a checkpoint, in this version and the one before.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use vq_experiment::{BestBy, ConfigError, Experiment, Learn, modernize_json, to_toml};

use crate::caption_head::CAPTION_PARAMETERS;

pub(crate) const VERSION: &str = "2";
const VERSION_1: &str = "1";

/// The optimizer of the tokenizer's parameters.
pub const TOKENIZER: &str = "tokenizer";

/// The optimizer of the discriminator's parameters.
pub const DISCRIMINATOR: &str = "discriminator";

/// What a checkpoint records of the experiment: an [`Experiment`], or what a generator or a scene classifier needs.
pub trait Trained: Clone + std::fmt::Debug + Serialize + DeserializeOwned {
    /// The format of the checkpoint.
    const FORMAT: &'static str;
    /// The optimizer of the parameters.
    const OPTIMIZER: &'static str;
    /// Whether there were checkpoints of version 1.
    const FROM_VERSION_1: bool;

    /// Whether the run keeps an average of the weights.
    fn averages(&self) -> bool;

    /// Whether the parameter of this name is trained.
    fn learns(&self, _name: &str) -> bool {
        true
    }

    /// The text of the run's `config.toml`.
    ///
    /// # Errors
    /// [`ConfigError::Config`] if it cannot be written in TOML.
    fn to_toml(&self) -> Result<String, ConfigError>;

    /// Gives the keys of earlier versions their present names.
    ///
    /// # Errors
    /// Those of [`modernize_json`].
    fn modernize(json: &mut Value, file: &str) -> Result<(), ConfigError> {
        modernize_json(json, file).map(drop)
    }
}

impl Trained for Experiment {
    const FORMAT: &'static str = "vqct-checkpoint";
    const OPTIMIZER: &'static str = TOKENIZER;
    const FROM_VERSION_1: bool = true;

    fn averages(&self) -> bool {
        self.train.ema_decay.is_some()
    }

    fn learns(&self, name: &str) -> bool {
        Experiment::learns(self) == Learn::All || name.split('.').next() == Some(CAPTION_PARAMETERS)
    }

    fn to_toml(&self) -> Result<String, ConfigError> {
        to_toml(self)
    }
}

/// The header of a checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointHeader<E = Experiment> {
    /// The program that wrote it.
    pub written_by: String,
    /// Steps taken, skipped ones included.
    pub step: u64,
    /// Micro-batches taken from the training data; more than `step` times `accumulate` after a rollback.
    pub micro_batches: u64,
    /// Steps of each optimizer, by its name, skipped ones not included.
    pub optimizer_steps: BTreeMap<String, u64>,
    /// Whether it holds averaged weights.
    pub averaged: bool,
    /// The state of the guards.
    pub guards: GuardState,
    /// Steps so far in the window of the usage alarm.
    pub usage_steps: u64,
    /// The best validation so far.
    pub best: Option<Best>,
    /// The length of `metrics.jsonl`, in bytes; none in checkpoints of version 1.
    pub log_length: Option<u64>,
    /// The experiment, with which the run continues.
    pub experiment: E,
}

/// The state of the guards of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardState {
    /// Steps skipped so far, in all.
    pub skipped: u64,
    /// Steps skipped since the last good one.
    pub skipped_in_a_row: u64,
    /// Rollbacks so far.
    pub rollbacks: u64,
    /// The factor that rollbacks left of the learning rate.
    pub rate_factor: f64,
}

impl Default for GuardState {
    fn default() -> Self {
        Self { skipped: 0, skipped_in_a_row: 0, rollbacks: 0, rate_factor: 1.0 }
    }
}

/// The best validation of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Best {
    /// Its step.
    pub step: u64,
    /// The figure that decides.
    pub by: BestBy,
    /// Its value.
    pub value: f64,
}

impl<E: Trained> CheckpointHeader<E> {
    /// The header of a run before its first step.
    pub fn fresh(experiment: E) -> Self {
        Self {
            written_by: concat!("vqct ", env!("CARGO_PKG_VERSION")).into(),
            step: 0,
            micro_batches: 0,
            optimizer_steps: BTreeMap::from([(E::OPTIMIZER.to_owned(), 0)]),
            averaged: experiment.averages(),
            guards: GuardState::default(),
            usage_steps: 0,
            best: None,
            log_length: Some(0),
            experiment,
        }
    }
}

/// How a file of a version is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Migration {
    Current,
    FromVersion1,
}

/// The header of version 1, of vqct 0.1.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderVersion1<E> {
    step: u64,
    experiment: E,
}

impl Migration {
    /// The migration from a known version.
    pub(crate) fn from_version<E: Trained>(version: &str) -> Option<Self> {
        match version {
            VERSION => Some(Self::Current),
            VERSION_1 if E::FROM_VERSION_1 => Some(Self::FromVersion1),
            _ => None,
        }
    }

    /// Reads a header of the version as one of the current version; the error says what is wrong with it.
    pub(crate) fn header<E: Trained>(self, text: &str, file: &str) -> Result<CheckpointHeader<E>, String> {
        let mut json: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if let Some(experiment) = json.get_mut("experiment") {
            E::modernize(experiment, file).map_err(|error| error.to_string())?;
        }
        match self {
            Self::Current => serde_json::from_value(json).map_err(|error| error.to_string()),
            Self::FromVersion1 => {
                // One micro-batch a step, one optimizer that took every step, no average: the rest starts now.
                let HeaderVersion1 { step, experiment } =
                    serde_json::from_value(json).map_err(|error| error.to_string())?;
                let fresh = CheckpointHeader::fresh(experiment);
                Ok(CheckpointHeader {
                    written_by: "version 1".into(),
                    step,
                    micro_batches: step,
                    optimizer_steps: BTreeMap::from([(E::OPTIMIZER.to_owned(), step)]),
                    averaged: false,
                    log_length: None,
                    ..fresh
                })
            }
        }
    }

    /// The tensor that holds a moment, such as `first.decoder.conv_in.bias`, of an optimizer.
    pub(crate) fn moment(self, optimizer: &str, moment: &str) -> String {
        match self {
            Self::Current => format!("optimizer.{optimizer}.{moment}"),
            Self::FromVersion1 => format!("adam.{moment}"),
        }
    }
}
