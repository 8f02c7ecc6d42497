use std::path::PathBuf;
use std::sync::Arc;

use image::{Rgba, RgbaImage};

use crate::{DamagedFile, DataError, ImageSource, LabelMap, Sample};

/// A segmentation as a picture: black where the number is 0, else a colour of the number's own.
///
/// Hues follow the golden ratio, so that the colours of few numbers lie far apart, in five kinds of light and dark, so
/// that those of some hundred can still be told apart.
#[must_use]
pub fn map_picture(map: &LabelMap) -> RgbaImage {
    RgbaImage::from_fn(map.width(), map.height(), |x, y| color(map.get_pixel(x, y).0[0]))
}

/// The colour of a number.
fn color(number: u16) -> Rgba<u8> {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    const SATURATION_AND_VALUE: [[f64; 2]; 5] = [[1.0, 1.0], [0.5, 1.0], [1.0, 0.7], [0.5, 0.7], [1.0, 0.4]];
    if number == 0 {
        return Rgba([0, 0, 0, 255]);
    }
    let place = f64::from(number - 1);
    let hue = (place * GOLDEN).fract() * 6.0;
    let [saturation, value] = SATURATION_AND_VALUE[usize::from(number - 1) % 5];
    // The hexagonal cone of HSV: each channel is full for a third of the circle, and rises and falls for a sixth.
    let channel = |offset: f64| {
        let at = (offset + hue) % 6.0;
        let part = at.min(4.0 - at).clamp(0.0, 1.0);
        ((value - value * saturation * part) * 255.0).round() as u8
    };
    Rgba([channel(5.0), channel(3.0), channel(1.0), 255])
}

/// The segmentations of a source as its images; all else is as in the source.
pub struct MapsAsImages {
    source: Arc<dyn ImageSource>,
}

impl MapsAsImages {
    /// Of this source, each of whose samples must have a segmentation.
    #[must_use]
    pub fn new(source: Arc<dyn ImageSource>) -> Self {
        Self { source }
    }
}

impl ImageSource for MapsAsImages {
    fn len(&self) -> usize {
        self.source.len()
    }

    fn get(&self, index: usize) -> Result<Sample, DataError> {
        let sample = self.source.get(index)?;
        let Some(segmentation) = &sample.segmentation else {
            let missing = DataError::unexpected("show a segmentation", "one for each image", "none");
            return Err(DataError::Sample { id: sample.id, source: Box::new(missing) });
        };
        Ok(Sample { image: map_picture(&segmentation.map), ..sample })
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
