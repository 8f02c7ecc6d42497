//! Folders of images, from configuration to sources.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vq_data::{Classes, Damaged, HeldOut, ImageFolder, ImageFolderConfig, ImageSource, InMemory, Parts, Transform};

use crate::TrainError;
use crate::plan::in_memory;

/// Images in folders of the user's.
///
/// ```toml
/// kind = "folder"
/// train = "data/birds/train"                           # relative to where the command runs
/// validation = { kind = "folder", path = "data/birds/test" }   # or { kind = "held-out", share = 0.05, seed = 0 }
/// cache = "memory"                                     # or "none", the default
/// damaged = "skip"                                     # or "fail", the default
/// threads = 8                                          # by default all that help
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderConfig {
    /// The images to train on, in this folder and those below it.
    pub train: PathBuf,
    /// The images to validate on.
    pub validation: ValidationImages,
    /// Whether images are kept once they are decoded.
    #[serde(default)]
    pub cache: Cache,
    /// What becomes of a damaged image.
    #[serde(default)]
    pub damaged: Damaged,
    /// Threads that decode. None: one if the CPU trains, which is slower than one thread that decodes; else one per core,
    /// and at most 16. The number makes no difference to the batches.
    #[serde(default)]
    pub threads: Option<usize>,
}

/// Where the images for validation lie.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ValidationImages {
    /// In a folder of their own.
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// Among those to train on, which then have no part in training.
    HeldOut(HeldOut),
}

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

/// More threads than this help no GPU of today.
const MOST_THREADS: usize = 16;

impl FolderConfig {
    /// Checks what needs no disk.
    ///
    /// # Errors
    /// [`TrainError::Option`] naming the key.
    pub fn check(&self) -> Result<(), TrainError> {
        if self.threads == Some(0) {
            let (expected, got) = ("at least 1".into(), "0".into());
            return Err(TrainError::Option { key: "data.source.threads", expected, got });
        }
        match &self.validation {
            ValidationImages::HeldOut(HeldOut { share, .. }) if !(*share > 0.0 && *share < 1.0) => {
                let expected = "a number above 0 and below 1".into();
                Err(TrainError::Option { key: "data.source.validation.share", expected, got: share.to_string() })
            }
            _ => Ok(()),
        }
    }

    /// Lists the folders; validation is what is held out.
    pub(crate) fn list(&self) -> Result<Parts, TrainError> {
        let config = ImageFolderConfig { classes: Classes::Unlabelled, damaged: self.damaged };
        let whole = ImageFolder::open(&self.train, config.clone())?;
        Ok(match &self.validation {
            ValidationImages::Folder { path } => Parts { train: whole, held_out: ImageFolder::open(path, config)? },
            ValidationImages::HeldOut(held_out) => whole.hold_out(held_out)?,
        })
    }

    /// Lists the folders, and decodes them if they are to be kept in memory.
    pub(crate) fn open(&self, transform: &Transform) -> Result<Images, TrainError> {
        let Parts { train, held_out } = self.list()?;
        let (train, validation) = (Arc::new(train), Arc::new(held_out));
        let sources: Vec<Arc<dyn ImageSource>> = vec![Arc::clone(&train) as _, Arc::clone(&validation) as _];
        Ok(match self.cache {
            Cache::None => Images { train, validation, sources },
            Cache::Memory => Images {
                train: in_memory(&*train, transform)?,
                validation: Arc::new(InMemory::load(&*validation, transform.size)?),
                sources,
            },
        })
    }

    /// Threads that decode for training on this device.
    pub(crate) fn threads(&self, device: tch::Device) -> usize {
        self.threads.unwrap_or_else(|| decoding_threads(device))
    }
}

/// Threads that decode where none are asked for: on a CPU, training needs the cores.
pub(crate) fn decoding_threads(device: tch::Device) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    if device.is_cuda() { cores() } else { 1 }
}
