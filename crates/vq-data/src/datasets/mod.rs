use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    AdeConfig, CaptionedConfig, CelebaConfig, CifarConfig, CocoConfig, CubConfig, FlowersConfig, ImageNetConfig,
    WebConfig,
};
use crate::{DataError, Listed};

/// Any of the data sets whose layouts this crate knows.
///
/// ```toml
/// kind = "cub"
/// root = "data/CUB_200_2011"
/// split = "train"
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum DatasetConfig {
    /// Images of the user's with their captions.
    Captioned(CaptionedConfig),
    /// CUB-200-2011.
    Cub(CubConfig),
    /// Oxford-102 flowers.
    Flowers(FlowersConfig),
    /// MS-COCO.
    Coco(CocoConfig),
    /// CelebA-HQ.
    #[serde(rename = "celeba-hq")]
    Celeba(CelebaConfig),
    /// ADE20K.
    #[serde(rename = "ade20k")]
    Ade(AdeConfig),
    /// CIFAR-10.
    #[serde(rename = "cifar10")]
    Cifar(CifarConfig),
    /// ImageNet.
    #[serde(rename = "imagenet")]
    ImageNet(ImageNetConfig),
    /// Shards of WebDataset.
    #[serde(rename = "webdataset")]
    Web(WebConfig),
}

impl DatasetConfig {
    /// Opens the data set.
    ///
    /// # Errors
    ///
    /// As the `open` of the configuration within: what is missing, by path, and what was expected there.
    pub fn open(&self) -> Result<Arc<dyn Listed>, DataError> {
        Ok(match self {
            Self::Captioned(config) => Arc::new(config.open()?),
            Self::Cub(config) => Arc::new(config.open()?),
            Self::Flowers(config) => Arc::new(config.open()?),
            Self::Coco(config) => Arc::new(config.open()?),
            Self::Celeba(config) => Arc::new(config.open()?),
            Self::Ade(config) => Arc::new(config.open()?),
            Self::Cifar(config) => Arc::new(config.open()?),
            Self::ImageNet(config) => Arc::new(config.open()?),
            Self::Web(config) => Arc::new(config.open()?),
        })
    }
}
