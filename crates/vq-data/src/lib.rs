//! Captioned images for tokenizers, with an embedded default set.
//!
//! This crate makes batches of plain numbers from images; it has no tensor type and does not depend on libtorch.
//!
//! | Item | Purpose |
//! |---|---|
//! | [`ImageSource`], [`Sample`] | The trait of every source; one image with its annotations |
//! | [`EmojiSet`] | The embedded emoji; needs no download |
//! | [`ImageFolder`] | A folder of images |
//! | [`DatasetConfig`] | Captioned images, published data sets, tar shards ([`DatasetLayout`]) |
//! | [`Listed`], [`HeldOut`], [`Limit`] | Subsets of a source, chosen by seed and id |
//! | [`InMemory`] | A source whose images are decoded and resized once |
//! | [`Transform`] | Crop, resize, background, flip and colour jitter of a sample, to numbers |
//! | [`Loader`], [`Batch`] | Batches made by background threads, a function of seed and batch number |
//! | [`Survey`] | Statistics of a source, with its damaged samples |
//! | [`pack`] | Writes a source as tar shards |
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
//! `[3, H, W]` is a flat `Vec<f32>` or `&[f32]` with `W` varying fastest ("CHW"). Its values are sRGB levels scaled
//! from `0..=255` to `-1.0..=1.0`.
//!
//! # Examples
//!
//! Batches of the embedded emoji:
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
//! A source of one's own, in batches of a shuffled epoch:
//!
//! ```
//! use std::sync::Arc;
//!
//! use image::{Rgba, RgbaImage};
//! use vq_data::{DataError, ImageSource, Loader, LoaderConfig, Sample, Transform};
//!
//! struct Greys;
//!
//! impl ImageSource for Greys {
//!     fn len(&self) -> usize {
//!         256
//!     }
//!
//!     fn get(&self, index: usize) -> Result<Sample, DataError> {
//!         let refuse = |_| DataError::unexpected("get a grey", "an index below 256", index);
//!         let level = u8::try_from(index).map_err(refuse)?;
//!         let image = RgbaImage::from_pixel(16, 16, Rgba([level, level, level, 255]));
//!         let caption = Some("a grey square".to_owned());
//!         Ok(Sample { id: format!("grey {level}"), image, caption, ..Sample::default() })
//!     }
//! }
//!
//! # fn main() -> Result<(), DataError> {
//! let mut loader = Loader::new(Arc::new(Greys), Transform::fixed(8, [0, 0, 0]), LoaderConfig::shuffled(4, 42))?;
//! let batch = loader.next().expect("shuffled batches never end")?;
//! assert_eq!((batch.count, batch.images.len()), (4, 4 * 3 * 8 * 8));
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! * `embedded` (default): the emoji set is compiled in.
//! * `remake`: makes the emoji archive from its sources, with the binary `remake-emoji`.
//! * `grid`: draws pictures in rows and columns with text below, with embedded fonts.

mod caption_template;
mod chw;
mod damage;
mod damaged;
mod dataset;
mod datasets;
mod emoji;
mod epoch_stream;
mod error;
mod fault;
mod folder;
#[cfg(feature = "grid")]
pub mod grid;
mod hash;
mod labelled_box;
mod listed;
mod listing;
mod load;
mod loader;
mod memory;
mod pack;
mod purpose;
#[cfg(feature = "remake")]
pub mod remake;
mod resize;
mod segmentation;
mod segmentation_image;
mod selection;
mod shards;
mod source;
mod split;
mod survey;
mod transform;

pub use caption_template::CaptionTemplate;
pub use chw::{chw_from_rgb, rgb_from_chw};
pub use damaged::{Damaged, DamagedFile};
pub use dataset::{DatasetLayout, FileRecord, ImageFiles, MaskFile, MaskPart};
pub use datasets::*;
pub use emoji::{Emoji, EmojiProvenance, EmojiSet, EmojiSplit, SourceFile, caption_of, family_of};
pub use epoch_stream::EpochStream;
pub use error::DataError;
pub use fault::Fault;
pub use folder::{FolderClasses, ImageFolder, ImageFolderConfig};
pub use labelled_box::LabelledBox;
pub use listed::Listed;
pub use load::{MAX_DECODED_BYTES, MAX_SIDE, load_image, load_square};
pub use loader::{Batch, Loader, LoaderConfig, LoaderPart, SampleOrder};
pub use memory::InMemory;
pub use pack::{PackConfig, PackEncoding, PackFormat, PackManifest, PackedShard, Packing, pack};
pub use resize::center_square;
pub use segmentation::{LabelMap, LabelSides, Segmentation};
pub use segmentation_image::{SegmentationImages, segmentation_image};
pub use selection::{HeldOut, HeldOutSplit, Limit};
pub use source::{ImageSource, Sample};
pub use split::Split;
pub use survey::{
    BoxStats, CaptionStats, LabelCount, LabelStats, SegmentationStats, SizeCount, SizeStats, Survey, ValueStats,
};
pub use transform::{Annotations, Background, Crop, Flip, Jitter, Sides, Transform, Transformed};
