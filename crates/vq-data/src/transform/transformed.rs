//! The result of a transform.

use crate::{LabelledBox, Segmentation};

/// A transformed sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Transformed {
    /// `[3, S, S]` in `-1.0..=1.0`.
    pub chw: Vec<f32>,
    /// The annotations after the same transform.
    pub annotations: Annotations,
}

/// The annotations of an image after a transform.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Annotations {
    /// The caption.
    pub caption: Option<String>,
    /// `[S, S]`.
    pub segmentation: Option<Segmentation>,
    /// Cut to the image; boxes outside of it are left out.
    pub boxes: Vec<LabelledBox>,
}
