//! What a configured source stands for: images to train on and images to validate on.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vq_data::{HeldOut, ImageSource, InMemory, Limit, Listed, Parts, Transform};

use crate::plan::in_memory;
use crate::{SourceConfig, TrainError};

/// Whether images are kept once they are decoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cache {
    /// Each is decoded again whenever it is needed.
    #[default]
    None,
    /// All are decoded before the first step and kept at the size of training, or at twice that size where random crops
    /// are taken: `4 S S` or `16 S S` bytes an image, so 10,000 images of 256x256 take 2.6 GB.
    Memory,
}

/// How many images are used, those of a set that a seed chooses; of a set without a number all.
///
/// ```toml
/// limit = { train = 5000, validation = 500, seed = 0 }
/// ```
///
/// The images of a lower limit are among those of a higher one. What is held out is so before the limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitConfig {
    /// Images to train on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train: Option<usize>,
    /// Images to validate on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<usize>,
    /// Which ones; 0 by default.
    #[serde(default)]
    pub seed: u64,
}

/// What a configured source stands for.
pub(crate) struct Images {
    pub(crate) train: Arc<dyn ImageSource>,
    pub(crate) validation: Arc<dyn ImageSource>,
    /// What lies behind them on disk, if anything does, which remembers the files that were skipped.
    pub(crate) sources: Vec<Arc<dyn ImageSource>>,
}

impl Images {
    /// Images of one's own.
    pub(crate) fn of(train: Arc<dyn ImageSource>, validation: Arc<dyn ImageSource>) -> Self {
        Self { train, validation, sources: Vec::new() }
    }
}

/// Sets that were listed and not yet read.
pub(crate) struct Sets {
    pub(crate) train: Arc<dyn Listed>,
    pub(crate) validation: Arc<dyn Listed>,
}

impl Sets {
    /// A share of one set as the other.
    pub(crate) fn hold_out(whole: &dyn Listed, held_out: &HeldOut) -> Result<Self, TrainError> {
        let Parts { train, held_out } = held_out.divide(whole)?;
        Ok(Self { train, validation: held_out })
    }

    /// The images within a limit.
    pub(crate) fn within(self, limit: LimitConfig) -> Result<Self, TrainError> {
        let limited = |set: Arc<dyn Listed>, count: Option<usize>| match count {
            Some(count) => Limit { count, seed: limit.seed }.apply(&*set),
            None => Ok(set),
        };
        Ok(Self { train: limited(self.train, limit.train)?, validation: limited(self.validation, limit.validation)? })
    }

    /// The images, decoded if they are to be kept.
    pub(crate) fn images(self, cache: Cache, transform: &Transform) -> Result<Images, TrainError> {
        let Self { train, validation } = self;
        let sources: Vec<Arc<dyn ImageSource>> = vec![Arc::clone(&train) as _, Arc::clone(&validation) as _];
        Ok(match cache {
            Cache::None => Images { train, validation, sources },
            Cache::Memory => Images {
                train: in_memory(&*train, transform)?,
                validation: Arc::new(InMemory::load(&*validation, transform.size)?),
                sources,
            },
        })
    }
}

/// What the keys that sources on disk share must be.
pub(crate) fn check_shared(
    held_out: Option<&HeldOut>,
    limit: LimitConfig,
    threads: Option<usize>,
) -> Result<(), TrainError> {
    let refuse = |key, expected: &str, got: String| Err(TrainError::Option { key, expected: expected.into(), got });
    if threads == Some(0) {
        return refuse("data.source.threads", "at least 1", "0".into());
    }
    let counts = [("data.source.limit.train", limit.train), ("data.source.limit.validation", limit.validation)];
    if let Some((key, _)) = counts.into_iter().find(|(_, count)| *count == Some(0)) {
        return refuse(key, "at least 1", "0".into());
    }
    match held_out {
        Some(HeldOut { share, .. }) if !(*share > 0.0 && *share < 1.0) => {
            refuse("data.source.validation.share", "a number above 0 and below 1", share.to_string())
        }
        _ => Ok(()),
    }
}

/// More threads than this help no GPU of today.
const MOST_THREADS: usize = 16;

/// Threads that decode where none are asked for: on a CPU, training needs the cores.
pub(crate) fn decoding_threads(device: tch::Device) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    if device.is_cuda() { cores() } else { 1 }
}

/// Threads that make batches of a source.
pub(crate) fn threads(source: &SourceConfig, device: tch::Device) -> usize {
    match source {
        SourceConfig::Emoji | SourceConfig::Scenes(_) => 1,
        SourceConfig::Folder(folder) => folder.threads(device),
        SourceConfig::Dataset(pair) => pair.threads(device),
    }
}
