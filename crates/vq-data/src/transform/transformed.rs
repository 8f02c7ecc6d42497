use crate::{LabelledBox, Segmentation};

/// A sample as numbers, with what is known about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Transformed {
    /// `[3, S, S]` in `-1.0..=1.0`.
    pub chw: Vec<f32>,
    /// What holds of these numbers.
    pub annotations: Annotations,
}

/// What is known about a picture as it is after a transform.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Annotations {
    /// The picture in plain words.
    pub caption: Option<String>,
    /// `[S, S]`.
    pub segmentation: Option<Segmentation>,
    /// Cut to the picture; those outside are left out.
    pub boxes: Vec<LabelledBox>,
}
