//! Keys of the files of a sample that are written too; see [`WebConfig`](super::WebConfig).

/// Captions.
pub(crate) const TEXT: &str = "txt";
/// Labels.
pub(crate) const CLASS: &str = "cls";
/// Segmentation.
pub(crate) const MAP: &str = "labelmap.png";
/// Boxes and more.
pub(crate) const ABOUT: &str = "vqct.json";
