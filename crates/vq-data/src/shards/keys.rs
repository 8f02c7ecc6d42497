//! Keys of the files of a sample that are both read and written; see [`WebConfig`](crate::WebConfig).

/// Captions.
pub(crate) const TEXT: &str = "txt";
/// Labels.
pub(crate) const CLASS: &str = "cls";
/// Segmentation.
pub(crate) const MAP: &str = "labelmap.png";
/// Id, boxes and mirrored labels: [`SampleMetadata`](super::metadata::SampleMetadata).
pub(crate) const METADATA: &str = "vqct.json";
