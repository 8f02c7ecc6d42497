//! Data sets in their own layouts, from configuration to sources.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use vq_data::{DatasetConfig, HeldOut, Transform};

use crate::images::{Images, Sets, check_shared, decoding_threads};
use crate::{Cache, LimitConfig, TrainError};

/// Data sets whose layouts `vq-data` knows, with captions, masks and labels as they have them.
///
/// ```toml
/// kind = "dataset"
/// train = { kind = "cub", root = "data/CUB_200_2011", split = "train" }
/// validation = { kind = "cub", root = "data/CUB_200_2011", split = "validation" }
///                                                      # or { kind = "held-out", share = 0.05, seed = 0 }
/// limit = { train = 5000, validation = 500, seed = 0 } # by default all
/// cache = "memory"                                     # or "none", the default
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetPair {
    /// To train on.
    pub train: DatasetConfig,
    /// To validate on.
    pub validation: ValidationSet,
    /// How many of the images are used.
    #[serde(default)]
    pub limit: LimitConfig,
    /// Whether images are kept once they are decoded.
    #[serde(default)]
    pub cache: Cache,
    /// Threads that decode; if not given, all cores (16 at most) on a GPU, and one on a CPU, whose cores train.
    #[serde(default)]
    pub threads: Option<usize>,
}

/// The images to validate on.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ValidationSet {
    /// Some of those to train on, which then have no part in training.
    HeldOut(HeldOut),
    /// A data set of their own.
    #[serde(untagged)]
    Dataset(DatasetConfig),
}

/// Written by hand, because an untagged variant would answer every mistake with `did not match any variant`.
impl<'de> Deserialize<'de> for ValidationSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut value = Value::deserialize(deserializer)?;
        let held_out = match value.as_object_mut() {
            Some(table) if table.get("kind").is_some_and(|kind| kind == "held-out") => table.remove("kind").is_some(),
            _ => false,
        };
        match held_out {
            true => HeldOut::deserialize(value).map(Self::HeldOut),
            false => DatasetConfig::deserialize(value).map(Self::Dataset),
        }
        .map_err(D::Error::custom)
    }
}

impl DatasetPair {
    /// Checks what needs no disk.
    ///
    /// # Errors
    /// [`TrainError::Option`] naming the key.
    pub fn check(&self) -> Result<(), TrainError> {
        let held_out = match &self.validation {
            ValidationSet::HeldOut(held_out) => Some(held_out),
            ValidationSet::Dataset(_) => None,
        };
        check_shared(held_out, self.limit, self.threads)
    }

    /// Lists both.
    pub(crate) fn list(&self) -> Result<Sets, TrainError> {
        let train = self.train.open()?;
        let sets = match &self.validation {
            ValidationSet::HeldOut(held_out) => Sets::hold_out(&*train, held_out)?,
            ValidationSet::Dataset(validation) => Sets { train, validation: validation.open()? },
        };
        sets.within(self.limit)
    }

    /// Lists both, and decodes them if they are to be kept in memory.
    pub(crate) fn open(&self, transform: &Transform) -> Result<Images, TrainError> {
        self.list()?.images(self.cache, transform)
    }

    /// Threads that decode for training on this device.
    pub(crate) fn threads(&self, device: tch::Device) -> usize {
        self.threads.unwrap_or_else(|| decoding_threads(device))
    }
}
