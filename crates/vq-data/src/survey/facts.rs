//! The facts of one sample that a survey needs.

use std::collections::BTreeSet;

use crate::{DataError, Sample};

/// The facts of one sample.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) id: String,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) labels: Vec<String>,
    /// The number of words of each caption that is not blank.
    pub(super) caption_words: Vec<usize>,
    /// The labels that occur in its segmentation.
    pub(super) map_labels: Option<BTreeSet<u16>>,
    pub(super) boxes: usize,
}

impl Facts {
    pub(super) fn of(sample: Sample) -> Result<Self, DataError> {
        let (width, height) = sample.image.dimensions();
        if width == 0 || height == 0 {
            let op = format!("survey {}", sample.id);
            return Err(DataError::unexpected(op, "an image with pixels", format!("{width}x{height}")));
        }
        let captions = sample.caption.iter().chain(&sample.more_captions);
        let words = captions.map(|caption| caption.split_whitespace().count()).filter(|&words| words > 0);
        Ok(Self {
            width,
            height,
            caption_words: words.collect(),
            map_labels: sample.segmentation.map(|segmentation| segmentation.map.iter().copied().collect()),
            boxes: sample.boxes.len(),
            labels: sample.labels,
            id: sample.id,
        })
    }
}
