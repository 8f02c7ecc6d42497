//! Folders of images, from configuration to sources.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vq_data::{CaptionTemplate, Classes, Damaged, HeldOut, ImageFolder, ImageFolderConfig, Transform};

use crate::images::{Images, Sets, check_shared, decoding_threads};
use crate::{Cache, LimitConfig, TrainError};

/// Images in folders of the user's.
///
/// ```toml
/// kind = "folder"
/// train = "data/birds/train"                           # relative to where the command runs
/// validation = { kind = "folder", path = "data/birds/test" }   # or { kind = "held-out", share = 0.05, seed = 0 }
/// caption = "a photo of a {class}"                     # where folders are classes; by default there are no captions
/// limit = { train = 5000, validation = 500, seed = 0 } # by default all
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
    /// The caption of each image, made of its class: the name of the first folder on the way to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<CaptionTemplate>,
    /// How many of the images are used.
    #[serde(default)]
    pub limit: LimitConfig,
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

impl FolderConfig {
    /// Checks what needs no disk.
    ///
    /// # Errors
    /// [`TrainError::Option`] naming the key.
    pub fn check(&self) -> Result<(), TrainError> {
        let held_out = match &self.validation {
            ValidationImages::HeldOut(held_out) => Some(held_out),
            ValidationImages::Folder { .. } => None,
        };
        check_shared(held_out, self.limit, self.threads)
    }

    /// Lists the folders.
    pub(crate) fn list(&self) -> Result<Sets, TrainError> {
        let train = self.folder(&self.train)?;
        let sets = match &self.validation {
            ValidationImages::Folder { path } => {
                Sets { train: Arc::new(train), validation: Arc::new(self.folder(path)?) }
            }
            ValidationImages::HeldOut(held_out) => Sets::hold_out(&train, held_out)?,
        };
        sets.within(self.limit)
    }

    /// Lists the folders, and decodes them if they are to be kept in memory.
    pub(crate) fn open(&self, transform: &Transform) -> Result<Images, TrainError> {
        self.list()?.images(self.cache, transform)
    }

    fn folder(&self, path: &Path) -> Result<ImageFolder, TrainError> {
        let classes = match self.caption {
            Some(_) => Classes::FirstFolder,
            None => Classes::Unlabelled,
        };
        let config = ImageFolderConfig { classes, caption: self.caption.clone(), damaged: self.damaged };
        Ok(ImageFolder::open(path, config)?)
    }

    /// Threads that decode for training on this device.
    pub(crate) fn threads(&self, device: tch::Device) -> usize {
        self.threads.unwrap_or_else(|| decoding_threads(device))
    }
}
