//! Data sets in the layouts in which they are published.

mod ade;
mod captioned;
mod celeba;
mod cifar;
mod coco;
mod csv_file;
mod cub;
mod dataset;
mod detect;
mod files;
mod flowers;
mod imagenet;
mod layout;
mod mask;
mod metadata;
pub(crate) mod web;

pub use ade::AdeConfig;
pub use captioned::{CaptionFile, CaptionedConfig};
pub use celeba::{CelebaConfig, CelebaMasks};
pub use cifar::{CifarBatches, CifarConfig};
pub use coco::{CocoConfig, CocoYear};
pub use cub::{CubBoxes, CubConfig};
pub use dataset::DatasetConfig;
pub use files::{FileRecord, ImageFiles};
pub use flowers::FlowersConfig;
pub use imagenet::ImageNetConfig;
pub use mask::{MaskFile, MaskPart};
pub use web::{WebConfig, WebShards};
