//! Folders of images.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tch::Device;
use vq_data::{CaptionTemplate, Damaged, FolderClasses, HeldOut, ImageFolder, ImageFolderConfig, Transform};

use super::images::{Images, Storage};
use super::listed::{Cache, LimitConfig, ListedPair, check_listed, decoding_threads};
use super::source::Source;
use crate::ConfigError;

/// Images in the user's folders.
///
/// ```toml
/// kind = "folder"
/// train = "data/birds/train"                           # relative to the working directory
/// validation = { kind = "folder", path = "data/birds/test" }   # or { kind = "held-out", share = 0.05, seed = 0 }
/// caption = "a photo of a {class}"                     # where folders are classes; by default there are no captions
/// limit = { train = 5000, validation = 500, seed = 0 } # by default all
/// cache = "memory"                                     # or "none", the default
/// damaged = "skip"                                     # or "fail", the default
/// threads = 8                                          # see `threads` below
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderConfig {
    /// The images to train on, in this folder and those below it.
    pub train: PathBuf,
    /// The images to validate on.
    pub validation: ValidationImages,
    /// The caption of each image, made from its class, which is the name of the first folder on its path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<CaptionTemplate>,
    /// How many images are used.
    #[serde(default)]
    pub limit: LimitConfig,
    /// Whether images are kept in memory once they are decoded.
    #[serde(default)]
    pub cache: Cache,
    /// What happens to a damaged image.
    #[serde(default)]
    pub damaged: Damaged,
    /// Threads that decode; by default one while a CPU trains, which is slower than one decoding thread, else one per
    /// core and at most 16. The batches do not depend on the number.
    #[serde(default)]
    pub threads: Option<usize>,
}

/// The images to validate on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ValidationImages {
    /// Those of another folder.
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// A share of the training images, which is then not trained on.
    HeldOut(HeldOut),
}

impl FolderConfig {
    fn list(&self) -> Result<ListedPair, ConfigError> {
        let train = self.folder(&self.train)?;
        let pair = match &self.validation {
            ValidationImages::Folder { path } => {
                ListedPair { train: Arc::new(train), validation: Arc::new(self.folder(path)?) }
            }
            ValidationImages::HeldOut(held_out) => ListedPair::hold_out(&train, held_out)?,
        };
        pair.limited(self.limit)
    }

    fn folder(&self, path: &Path) -> Result<ImageFolder, ConfigError> {
        let classes = match self.caption {
            Some(_) => FolderClasses::FirstFolder,
            None => FolderClasses::Unlabelled,
        };
        let config = ImageFolderConfig { classes, caption: self.caption.clone(), damaged: self.damaged };
        Ok(ImageFolder::open(path, config)?)
    }
}

impl Source for FolderConfig {
    fn check(&self, _transform: &Transform) -> Result<(), ConfigError> {
        let held_out = match &self.validation {
            ValidationImages::HeldOut(held_out) => Some(held_out),
            ValidationImages::Folder { .. } => None,
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
