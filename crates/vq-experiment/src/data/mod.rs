//! What an experiment trains on.

mod dataset;
mod emoji;
mod folder;
mod images;
mod listed;
mod scenes;
mod source;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tch::Device;
use vq_data::{Background, ImageSource, SegmentationImages, Transform};

use self::emoji::EmojiSource;
use self::source::Source;
use crate::ConfigError;
use crate::error::check_value;

pub use dataset::{DatasetPair, ValidationSet};
pub use folder::{FolderConfig, ValidationImages};
pub use images::{Images, Storage};
pub use listed::{Cache, LimitConfig};
pub use scenes::SceneSourceConfig;

/// Background of transparent validation images if training draws a random colour for each image.
const VALIDATION_BACKGROUND: [u8; 3] = [255, 255, 255];

/// What to train on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// The source of images.
    pub source: SourceConfig,
    /// From image to tensor, in training; validation never augments.
    pub transform: Transform,
    /// Images in a micro-batch; `train.accumulate` micro-batches make a step.
    pub batch_size: usize,
    /// Which view of the images is used.
    #[serde(default, skip_serializing_if = "ImageView::is_default")]
    pub show: ImageView,
}

/// Which view of an image is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImageView {
    /// The image itself.
    #[default]
    Images,
    /// Its segmentation as an image, each label in a colour of its own ([`vq_data::segmentation_image`]).
    Segmentations,
}

/// Where images come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum SourceConfig {
    /// The embedded emoji with their own split.
    Emoji,
    /// Folders of images.
    Folder(FolderConfig),
    /// Scenes made of the embedded emoji.
    Scenes(SceneSourceConfig),
    /// Data sets in their published layouts.
    Dataset(Box<DatasetPair>),
}

impl SourceConfig {
    /// The one place that tells the kinds of sources apart.
    fn source(&self) -> &dyn Source {
        match self {
            Self::Emoji => &EmojiSource,
            Self::Folder(folder) => folder,
            Self::Scenes(scenes) => scenes,
            Self::Dataset(pair) => pair.as_ref(),
        }
    }

    /// Checks what needs no disk.
    ///
    /// # Errors
    /// [`ConfigError::Value`] or [`ConfigError::Data`] naming the key.
    pub fn check(&self, transform: &Transform) -> Result<(), ConfigError> {
        self.source().check(transform)
    }

    /// Threads that make batches while a model trains on `device`.
    pub fn threads(&self, device: Device) -> usize {
        self.source().threads(device)
    }

    /// The scenes, if images are scenes.
    pub fn scenes(&self) -> Option<&SceneSourceConfig> {
        match self {
            Self::Scenes(scenes) => Some(scenes),
            _ => None,
        }
    }
}

impl DataConfig {
    /// Opens the images to train on and to validate on.
    ///
    /// # Errors
    /// The first error, naming the key or file.
    pub fn open(&self, storage: Storage) -> Result<Images, ConfigError> {
        self.source.check(&self.transform)?;
        let images = self.source.source().open(&self.transform, storage)?;
        Ok(Images { train: self.show.of(images.train), validation: self.show.of(images.validation), ..images })
    }

    /// The transform of validation, which draws nothing at random.
    pub fn validation_transform(&self) -> Transform {
        let background = match self.transform.background {
            Background::Color(color) => color,
            Background::Random => VALIDATION_BACKGROUND,
        };
        Transform::fixed(self.transform.size, background)
    }

    /// Checks size and batch.
    pub(crate) fn check(&self, factor: i64) -> Result<(), ConfigError> {
        self.source.check(&self.transform)?;
        let size = self.transform.size;
        let expected = format!("a multiple of {factor}, the autoencoder's factor");
        check_value("data.transform.size", size > 0 && i64::from(size) % factor == 0, &expected, size)?;
        check_value("data.batch_size", self.batch_size > 0, "at least 1", self.batch_size)
    }
}

impl ImageView {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// This view of a source.
    fn of(self, source: Arc<dyn ImageSource>) -> Arc<dyn ImageSource> {
        match self {
            Self::Images => source,
            Self::Segmentations => Arc::new(SegmentationImages::new(source)),
        }
    }
}
