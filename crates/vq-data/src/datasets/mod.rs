//! Data sets in the layouts in which they are published.
//!
//! A new data set is a file here that implements [`DatasetLayout`] and a line of the list below.

mod ade;
mod captioned;
mod celeba;
mod cifar;
mod coco;
mod cub;
mod flowers;
mod imagenet;
mod webdataset;

pub use ade::*;
pub use captioned::*;
pub use celeba::*;
pub use cifar::*;
pub use coco::*;
pub use cub::*;
pub use flowers::*;
pub use imagenet::*;
pub use webdataset::*;

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::dataset::dir::DatasetDir;
use crate::dataset::registry::datasets;
use crate::listing::Listing;
use crate::{DataError, DatasetLayout, Listed};

datasets! {
    "webdataset" => Web(WebConfig),
    "captioned" => Captioned(CaptionedConfig),
    "cub" => Cub(CubConfig),
    "flowers" => Flowers(FlowersConfig),
    "coco" => Coco(CocoConfig),
    "celeba-hq" => Celeba(CelebaConfig),
    "ade20k" => Ade(AdeConfig),
    "cifar10" => Cifar(CifarConfig),
    "imagenet" => ImageNet(ImageNetConfig),
}
