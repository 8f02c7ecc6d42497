use serde::{Deserialize, Serialize};

use crate::{LabelSides, LabelledBox};

/// What a shard says of a sample besides image, captions, labels and segmentation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct About {
    /// What the sample was called where it was packed from.
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) boxes: Vec<LabelledBox>,
    /// Labels of the segmentation that a mirrored image exchanges.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) sides: Vec<LabelSides>,
}
