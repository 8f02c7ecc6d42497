//! Data sets in their published layouts.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use tch::Device;
use vq_data::{DatasetConfig, HeldOut, Transform};

use super::images::{Images, Storage};
use super::listed::{Cache, LimitConfig, ListedPair, check_listed, decoding_threads};
use super::source::Source;
use crate::ConfigError;

/// Data sets whose layouts `vq-data` reads, with their captions, masks and labels.
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
    /// The images to train on.
    pub train: DatasetConfig,
    /// The images to validate on.
    pub validation: ValidationSet,
    /// How many images are used.
    #[serde(default)]
    pub limit: LimitConfig,
    /// Whether images are kept in memory once they are decoded.
    #[serde(default)]
    pub cache: Cache,
    /// Threads that decode; by default one while a CPU trains, else one per core and at most 16.
    #[serde(default)]
    pub threads: Option<usize>,
}

/// The images to validate on.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ValidationSet {
    /// A share of the training images, which is then not trained on.
    HeldOut(HeldOut),
    /// Another data set.
    #[serde(untagged)]
    Dataset(DatasetConfig),
}

/// Written by hand, because an untagged variant would report every mistake as `did not match any variant`.
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
    fn list(&self) -> Result<ListedPair, ConfigError> {
        let train = self.train.open()?;
        let pair = match &self.validation {
            ValidationSet::HeldOut(held_out) => ListedPair::hold_out(&*train, held_out)?,
            ValidationSet::Dataset(validation) => ListedPair { train, validation: validation.open()? },
        };
        pair.limited(self.limit)
    }
}

impl Source for DatasetPair {
    fn check(&self, _transform: &Transform) -> Result<(), ConfigError> {
        let held_out = match &self.validation {
            ValidationSet::HeldOut(held_out) => Some(held_out),
            ValidationSet::Dataset(_) => None,
        };
        check_listed(held_out, self.limit, self.threads)
    }

    fn open(&self, transform: &Transform, storage: Storage) -> Result<Images, ConfigError> {
        self.list()?.open(self.cache, transform, storage)
    }

    fn threads(&self, device: Device) -> usize {
        decoding_threads(self.threads, device)
    }
}
