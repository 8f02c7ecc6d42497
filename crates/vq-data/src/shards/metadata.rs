//! The JSON file of a packed sample.

use serde::{Deserialize, Serialize};

use crate::{LabelSides, LabelledBox};

/// What a shard holds of a sample besides image, captions, labels and segmentation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SampleMetadata {
    /// The id of the sample in the source that was packed.
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) boxes: Vec<LabelledBox>,
    /// The pairs of labels of the segmentation that a mirrored image exchanges.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) sides: Vec<LabelSides>,
}
