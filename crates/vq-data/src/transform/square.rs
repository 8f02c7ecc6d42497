//! A whole sample cropped to a square.

use super::geometry::{Geometry, check_segmentation};
use crate::resize::{Square, resize_square};
use crate::{DataError, Sample};

/// A sample whose image is cropped and resized by [`center_square`](crate::center_square) to `[size, size, 4]`;
/// segmentation and boxes go through the same crop and resize.
///
/// # Errors
///
/// As [`center_square`](crate::center_square), or if the segmentation is not as large as the image; the error names the
/// sample.
pub(crate) fn square_sample(sample: Sample, size: u32) -> Result<Sample, DataError> {
    let part = Square::center(&sample.image);
    match check_segmentation(&sample).and_then(|()| resize_square(&sample.image, part, size)) {
        Ok(image) => {
            let geometry = Geometry { part, size, mirrored: false };
            let segmentation = sample.segmentation.as_ref().map(|from| geometry.segmentation(from));
            let boxes = geometry.boxes(&sample.boxes);
            Ok(Sample { image, segmentation, boxes, ..sample })
        }
        Err(error) => Err(DataError::Sample { id: sample.id, source: Box::new(error) }),
    }
}
