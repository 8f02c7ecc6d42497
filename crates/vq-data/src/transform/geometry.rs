//! The geometry of a transform, applied to segmentations and boxes.

use crate::resize::Square;
use crate::{DataError, LabelMap, LabelSides, LabelledBox, Sample, Segmentation};

/// Crop, size and mirroring: the same for an image, its segmentation and its boxes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Geometry {
    pub(crate) part: Square,
    pub(crate) size: u32,
    pub(crate) mirrored: bool,
}

impl Geometry {
    /// `[H, W]` to `[S, S]`: each pixel takes the label at its centre; labels are never mixed.
    pub(crate) fn segmentation(&self, from: &Segmentation) -> Segmentation {
        let (width, height) = from.map.dimensions();
        let scale = self.part.side / f64::from(self.size);
        let nearest = |at: u32, start: f64, count: u32| {
            let position = (start + (f64::from(at) + 0.5) * scale).floor();
            // Rounding may lead to the pixel after the last one.
            (position as u32).min(count - 1)
        };
        let sides: &[LabelSides] = if self.mirrored { &from.sides } else { &[] };
        let map = LabelMap::from_fn(self.size, self.size, |x, y| {
            let x = if self.mirrored { self.size - 1 - x } else { x };
            let mut label = *from.map.get_pixel(nearest(x, self.part.left, width), nearest(y, self.part.top, height));
            label.0[0] = LabelSides::mirrored(sides, label.0[0]);
            label
        });
        Segmentation { map, sides: from.sides.clone() }
    }

    /// The boxes cut to the crop, in pixels of the result; boxes outside of it are left out.
    pub(crate) fn boxes(&self, from: &[LabelledBox]) -> Vec<LabelledBox> {
        let size = f64::from(self.size);
        let scale = size / self.part.side;
        let inside = |at: f64| at.clamp(0.0, size);
        from.iter()
            .filter_map(|from| {
                let (left, top) = ((from.left - self.part.left) * scale, (from.top - self.part.top) * scale);
                let (right, bottom) = (inside(left + from.width * scale), inside(top + from.height * scale));
                let (left, top) = (inside(left), inside(top));
                let (width, height) = (right - left, bottom - top);
                let left = if self.mirrored { size - right } else { left };
                let visible = width > 0.0 && height > 0.0;
                visible.then(|| LabelledBox { label: from.label.clone(), left, top, width, height })
            })
            .collect()
    }
}

/// Checks that a segmentation has the size of its image.
pub(super) fn check_segmentation(sample: &Sample) -> Result<(), DataError> {
    let size = |(width, height): (u32, u32)| format!("{width}x{height}");
    match &sample.segmentation {
        Some(Segmentation { map, .. }) if map.dimensions() != sample.image.dimensions() => {
            let expected = format!("a segmentation of {}, as the image", size(sample.image.dimensions()));
            Err(DataError::unexpected("transform a sample", expected, size(map.dimensions())))
        }
        _ => Ok(()),
    }
}
