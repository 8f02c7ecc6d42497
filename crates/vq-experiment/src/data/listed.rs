//! Sources on disk: held-out share, limit, cache and threads.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tch::Device;
use vq_data::{HeldOut, HeldOutSplit, ImageSource, InMemory, Limit, Listed, Transform};

use super::images::{Images, Storage, in_memory};
use crate::ConfigError;
use crate::error::check_value;

/// Whether images are kept in memory once they are decoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cache {
    /// Each image is decoded again whenever it is needed.
    #[default]
    None,
    /// All images are decoded before the first step and kept at the size of training, or at twice that size with random
    /// crops: `4 S S` or `16 S S` bytes per image, so 10,000 images of 256x256 take 2.6 GB.
    Memory,
}

/// How many images are used; a seed chooses which. A set without a number is used whole.
///
/// ```toml
/// limit = { train = 5000, validation = 500, seed = 0 }
/// ```
///
/// The images of a lower limit are among those of a higher one. A held-out share is taken before the limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitConfig {
    /// Images to train on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train: Option<usize>,
    /// Images to validate on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<usize>,
    /// Chooses the images; 0 by default.
    #[serde(default)]
    pub seed: u64,
}

/// Two sets of files that are listed and not yet read.
pub(super) struct ListedPair {
    pub(super) train: Arc<dyn Listed>,
    pub(super) validation: Arc<dyn Listed>,
}

impl ListedPair {
    /// Holds out a share of one set as the other.
    pub(super) fn hold_out(whole: &dyn Listed, held_out: &HeldOut) -> Result<Self, ConfigError> {
        let HeldOutSplit { train, held_out } = held_out.divide(whole)?;
        Ok(Self { train, validation: held_out })
    }

    /// The images within a limit.
    pub(super) fn limited(self, limit: LimitConfig) -> Result<Self, ConfigError> {
        let limited = |set: Arc<dyn Listed>, count: Option<usize>| match count {
            Some(count) => Limit { count, seed: limit.seed }.apply(&*set),
            None => Ok(set),
        };
        Ok(Self { train: limited(self.train, limit.train)?, validation: limited(self.validation, limit.validation)? })
    }

    /// The images, decoded if the cache keeps them in memory.
    pub(super) fn open(self, cache: Cache, transform: &Transform, storage: Storage) -> Result<Images, ConfigError> {
        let Self { train, validation } = self;
        let sources: Vec<Arc<dyn ImageSource>> = vec![Arc::clone(&train) as _, Arc::clone(&validation) as _];
        Ok(match (cache, storage) {
            (Cache::Memory, Storage::AsConfigured) => Images {
                train: in_memory(&*train, transform)?,
                validation: Arc::new(InMemory::load(&*validation, transform.size)?),
                sources,
            },
            (Cache::None, _) | (_, Storage::Disk) => Images { train, validation, sources },
        })
    }
}

/// Checks the keys that all sources on disk have.
pub(super) fn check_listed(
    held_out: Option<&HeldOut>,
    limit: LimitConfig,
    threads: Option<usize>,
) -> Result<(), ConfigError> {
    let counts = [
        ("data.source.threads", threads),
        ("data.source.limit.train", limit.train),
        ("data.source.limit.validation", limit.validation),
    ];
    counts.into_iter().try_for_each(|(key, count)| check_value(key, count != Some(0), "at least 1", "0"))?;
    let Some(HeldOut { share, .. }) = held_out else { return Ok(()) };
    check_value("data.source.validation.share", *share > 0.0 && *share < 1.0, "a number above 0 and below 1", share)
}

/// More decoding threads than this help no current GPU.
const MAX_THREADS: usize = 16;

/// Threads that decode: as configured, else one while a CPU trains, whose cores are needed for training, and up to 16
/// while a GPU trains.
pub(super) fn decoding_threads(configured: Option<usize>, device: Device) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
    configured.unwrap_or_else(|| if device.is_cuda() { cores() } else { 1 })
}
