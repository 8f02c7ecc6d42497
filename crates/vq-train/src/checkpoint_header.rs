//! What a checkpoint says of itself, in this version and the one before.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{BestBy, Experiment, GuardState, TrainError};

pub(crate) const VERSION: &str = "2";
const VERSION_1: &str = "1";

/// The optimizer of the tokenizer's parameters.
pub(crate) const TOKENIZER: &str = "tokenizer";

/// The optimizer of the discriminator's parameters.
pub(crate) const DISCRIMINATOR: &str = "discriminator";

/// What a run trains, as its checkpoints hold it: an [`Experiment`], or what a generator needs.
pub trait Trained: Clone + std::fmt::Debug + Serialize + DeserializeOwned {
    /// Names the kind of checkpoint.
    const FORMAT: &'static str;
    /// The optimizer of the parameters.
    const OPTIMIZER: &'static str;
    /// Whether there were checkpoints of version 1.
    const FROM_VERSION_1: bool;

    /// Whether the run keeps an average of the weights.
    fn averages(&self) -> bool;

    /// Whether a parameter of this name learns.
    fn learns(&self, _name: &str) -> bool {
        true
    }

    /// What `config.toml` of the run says.
    ///
    /// # Errors
    /// [`TrainError::Config`] if it cannot be written in TOML.
    fn to_toml(&self) -> Result<String, TrainError>;
}

/// What a checkpoint says of itself.
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
    /// What the guards remember.
    pub guards: GuardState,
    /// Steps so far in the window of the usage alarm.
    pub usage_steps: u64,
    /// The best validation so far.
    pub best: Option<Best>,
    /// The length of `metrics.jsonl`, in bytes; none in checkpoints of version 1.
    pub log_length: Option<u64>,
    /// The experiment, with which the run goes on.
    pub experiment: E,
}

/// The best validation of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Best {
    /// The step that it was of.
    pub step: u64,
    /// The figure that decides.
    pub by: BestBy,
    /// Its value.
    pub value: f64,
}

impl<E: Trained> CheckpointHeader<E> {
    /// Of a run that has just begun.
    pub fn fresh(experiment: E) -> Self {
        Self {
            written_by: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).into(),
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

/// Version 1, of vqct 0.1.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderVersion1<E> {
    step: u64,
    experiment: E,
}

impl Migration {
    /// Known versions only.
    pub(crate) fn from_version<E: Trained>(version: &str) -> Option<Self> {
        match version {
            VERSION => Some(Self::Current),
            VERSION_1 if E::FROM_VERSION_1 => Some(Self::FromVersion1),
            _ => None,
        }
    }

    /// Reads a header of the version, as one of the current version.
    pub(crate) fn header<E: Trained>(self, text: &str) -> Result<CheckpointHeader<E>, serde_json::Error> {
        match self {
            Self::Current => serde_json::from_str(text),
            Self::FromVersion1 => {
                // One batch a step, one optimizer that took every step, no average: all else begins now.
                let HeaderVersion1 { step, experiment } = serde_json::from_str(text)?;
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
