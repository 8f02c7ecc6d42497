//! A batch of transformed samples.

use crate::{LabelledBox, Segmentation};

/// A batch of images with their annotations and indices.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// `[N, 3, S, S]` in `-1.0..=1.0`.
    pub images: Vec<f32>,
    /// N.
    pub count: usize,
    /// S.
    pub size: u32,
    /// `[N]`, the samples' indices in their source.
    pub indices: Vec<usize>,
    /// `[N]`, the samples' captions. Of several captions, each epoch takes one at random (see
    /// [`Sample::caption_at`](crate::Sample::caption_at)), and [`SampleOrder::OnePass`](crate::SampleOrder::OnePass)
    /// takes the first.
    pub captions: Vec<Option<String>>,
    /// `[N]`, the samples' labels, from coarse to fine.
    pub labels: Vec<Vec<String>>,
    /// `[N]`, the samples' segmentations, `[S, S]` each.
    pub segmentations: Vec<Option<Segmentation>>,
    /// `[N]`, the samples' boxes.
    pub boxes: Vec<Vec<LabelledBox>>,
}
