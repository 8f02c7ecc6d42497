//! Captioned images for tokenizers, with an embedded default set.
//!
//! The crate goes from pictures to batches of plain numbers; it knows no tensors.
//! An [`ImageSource`] hands out [`Sample`]s, [`InMemory`] keeps them decoded at their
//! final size, a [`Transform`] turns one into numbers, and a [`Loader`] makes batches on
//! its own threads.
//! [`EmojiSet`] is the source that needs no download, [`EmojiScenes`] the endless one of which everything is known,
//! [`ImageFolder`] the one for a user's own images, and a [`DatasetConfig`] opens captioned images and published data
//! sets in their own layouts.
//! A [`Survey`] says what a source holds and what is damaged, and [`pack`] makes shards of it.
//!
//! # Letters
//!
//! Shapes in this crate use these letters:
//!
//! * `N`: images in a batch,
//! * `3`: the channels red, green, blue, in this order,
//! * `S`: height and width of a square image, in pixels,
//! * `H`, `W`: height and width of an image, in pixels.
//!
//! `[3, H, W]` is a flat `Vec<f32>` or `&[f32]` with `W` varying fastest ("CHW"),
//! its values are sRGB levels scaled from `0..=255` to `-1.0..=1.0`.
//!
//! # Example
//!
//! ```
//! # #[cfg(feature = "embedded")]
//! # fn main() -> Result<(), vq_data::DataError> {
//! use std::sync::Arc;
//! use vq_data::{EmojiSet, InMemory, Loader, LoaderConfig, Split, Transform};
//!
//! let validation = EmojiSet::embedded()?.split(Split::Validation);
//! let source = Arc::new(InMemory::load(&validation, 32)?);
//! let transform = Transform::fixed(32, [255, 255, 255]);
//! for batch in Loader::new(source, transform, LoaderConfig::one_pass(16))? {
//!     let batch = batch?;
//!     assert_eq!(batch.images.len(), batch.count * 3 * 32 * 32);
//! }
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "embedded"))]
//! # fn main() {}
//! ```
//!
//! # Features
//!
//! * `embedded` (default): the emoji set is compiled in.
//! * `remake`: the tool that makes the emoji set anew, with its binary `remake-emoji`.
//! * `grid`: pictures in rows and columns with words below, with fonts to draw them.
//! * `sheet`: the tool that draws scenes with their captions, with its binary `scene-sheet`.

mod annotation;
mod caption_template;
mod chw;
mod damage;
mod emoji;
mod error;
mod folder;
#[cfg(feature = "grid")]
pub mod grid;
mod listed;
mod load;
mod loader;
mod map_picture;
mod memory;
mod order;
mod pack;
#[cfg(feature = "remake")]
pub mod remake;
mod resize;
#[cfg(feature = "embedded")]
pub mod scenes;
mod source;
mod sources;
mod survey;
mod transform;

pub use annotation::{LabelMap, LabelSides, LabelledBox, Segmentation};
pub use caption_template::CaptionTemplate;
pub use chw::{chw_from_rgb, rgb_from_chw};
pub use damage::{Damaged, DamagedFile, Fault};
pub use emoji::{Emoji, EmojiSet, EmojiSplit, Provenance, SourceFile, Split, caption_of, family_of};
pub use error::DataError;
pub use folder::{Classes, ImageFolder, ImageFolderConfig};
pub use listed::{HeldOut, Limit, Listed, Parts};
pub use load::{MAX_DECODED_BYTES, MAX_SIDE, load_image, load_square};
pub use loader::{Batch, Loader, LoaderConfig, Order, Part};
pub use map_picture::{MapsAsImages, map_picture};
pub use memory::InMemory;
pub use order::EpochStream;
pub use pack::{PackConfig, PackEncoding, PackFormat, PackManifest, PackedShard, Packing, pack};
pub use resize::center_square;
#[cfg(feature = "embedded")]
pub use scenes::{EmojiScenes, Scene, SceneConfig, SceneMap, SceneSplit, SceneTruth};
pub use source::{ImageSource, Sample};
pub use sources::{
    AdeConfig, CaptionFile, CaptionedConfig, CelebaConfig, CelebaMasks, CifarBatches, CifarConfig, CocoConfig,
    CocoYear, CubBoxes, CubConfig, DatasetConfig, FileRecord, FlowersConfig, ImageFiles, ImageNetConfig, MaskFile,
    MaskPart, WebConfig, WebShards,
};
pub use survey::{
    BoxFigures, CaptionFigures, LabelCount, LabelFigures, SegmentationFigures, SizeCount, SizeFigures, Spread, Survey,
};
pub use transform::{Annotations, Background, Crop, Flip, Jitter, Sides, Transform, Transformed};
