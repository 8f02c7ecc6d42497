//! Data sets in their own layouts, from configuration to sources.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vq_data::{DatasetConfig, ImageSource};

use crate::TrainError;
use crate::folder_config::{Images, decoding_threads};

/// Data sets whose layouts `vq-data` knows, with captions, masks and labels as they have them.
///
/// ```toml
/// kind = "dataset"
/// train = { kind = "cub", root = "data/CUB_200_2011", split = "train" }
/// validation = { kind = "cub", root = "data/CUB_200_2011", split = "validation" }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetPair {
    /// To train on.
    pub train: DatasetConfig,
    /// To validate on.
    pub validation: DatasetConfig,
    /// Threads that decode; if not given, all cores (16 at most) on a GPU, and one on a CPU, whose cores train.
    #[serde(default)]
    pub threads: Option<usize>,
}

impl DatasetPair {
    /// Checks what needs no disk.
    ///
    /// # Errors
    /// [`TrainError::Option`] naming the key.
    pub fn check(&self) -> Result<(), TrainError> {
        match self.threads {
            Some(0) => {
                let (expected, got) = ("at least 1".into(), "0".into());
                Err(TrainError::Option { key: "data.source.threads", expected, got })
            }
            _ => Ok(()),
        }
    }

    /// Lists both.
    pub(crate) fn open(&self) -> Result<Images, TrainError> {
        let (train, validation) = (self.train.open()?, self.validation.open()?);
        let sources: Vec<Arc<dyn ImageSource>> = vec![Arc::clone(&train), Arc::clone(&validation)];
        Ok(Images { train, validation, sources })
    }

    /// Threads that decode for training on this device.
    pub(crate) fn threads(&self, device: tch::Device) -> usize {
        self.threads.unwrap_or_else(|| decoding_threads(device))
    }
}
