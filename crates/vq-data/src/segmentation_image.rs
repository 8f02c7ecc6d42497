//! Segmentations drawn in colours.

use std::path::PathBuf;
use std::sync::Arc;

use image::{Rgba, RgbaImage};

use crate::{DamagedFile, DataError, ImageSource, LabelMap, Sample};

/// Draws a segmentation: label 0 is black, and every other label has a colour of its own.
///
/// Hues follow the golden ratio, so the colours of a few labels lie far apart. Saturation and value cycle through five
/// combinations, so some hundred labels can still be distinguished.
#[must_use]
pub fn segmentation_image(map: &LabelMap) -> RgbaImage {
    RgbaImage::from_fn(map.width(), map.height(), |x, y| label_color(map.get_pixel(x, y).0[0]))
}

fn label_color(label: u16) -> Rgba<u8> {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    const SATURATION_AND_VALUE: [[f64; 2]; 5] = [[1.0, 1.0], [0.5, 1.0], [1.0, 0.7], [0.5, 0.7], [1.0, 0.4]];
    if label == 0 {
        return Rgba([0, 0, 0, 255]);
    }
    let hue = (f64::from(label - 1) * GOLDEN).fract() * 6.0;
    let [saturation, value] = SATURATION_AND_VALUE[usize::from(label - 1) % 5];
    // HSV's hexagonal cone: each channel is full for a third of the circle, and rises and falls for a sixth.
    let channel = |offset: f64| {
        let at = (offset + hue) % 6.0;
        let part = at.min(4.0 - at).clamp(0.0, 1.0);
        ((value - value * saturation * part) * 255.0).round() as u8
    };
    Rgba([channel(5.0), channel(3.0), channel(1.0), 255])
}

/// A source whose images are the drawn segmentations of another one ([`segmentation_image`]); all else is unchanged.
pub struct SegmentationImages {
    source: Arc<dyn ImageSource>,
}

impl SegmentationImages {
    /// Wraps a source, each of whose samples must have a segmentation.
    #[must_use]
    pub fn new(source: Arc<dyn ImageSource>) -> Self {
        Self { source }
    }
}

impl ImageSource for SegmentationImages {
    fn len(&self) -> usize {
        self.source.len()
    }

    fn get(&self, index: usize) -> Result<Sample, DataError> {
        let sample = self.source.get(index)?;
        let Some(segmentation) = &sample.segmentation else {
            let missing = DataError::unexpected("draw a segmentation", "a sample with a segmentation", "none");
            return Err(DataError::Sample { id: sample.id, source: Box::new(missing) });
        };
        Ok(Sample { image: segmentation_image(&segmentation.map), ..sample })
    }

    fn captions(&self, index: usize) -> Result<Vec<String>, DataError> {
        self.source.captions(index)
    }

    fn file(&self, index: usize) -> Option<PathBuf> {
        self.source.file(index)
    }

    fn damaged(&self) -> Vec<DamagedFile> {
        self.source.damaged()
    }
}
