//! What the data sets of [`datasets`](crate::datasets) share.

pub(crate) mod dir;
pub(crate) mod files;
pub(crate) mod layout;
pub(crate) mod mask;
pub(crate) mod registry;

pub use files::{FileRecord, ImageFiles};
pub use layout::DatasetLayout;
pub use mask::{MaskFile, MaskPart};
