//! Bounding boxes.

use serde::{Deserialize, Serialize};

/// A bounding box with a label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelledBox {
    /// The class of the object in the box.
    pub label: String,
    /// Distance from the image's left edge, in pixels.
    pub left: f64,
    /// Distance from the image's top edge, in pixels.
    pub top: f64,
    /// In pixels.
    pub width: f64,
    /// In pixels.
    pub height: f64,
}
