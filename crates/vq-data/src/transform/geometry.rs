use crate::resize::Square;
use crate::{LabelMap, LabelSides, LabelledBox, Segmentation};

/// Which part of an image is taken, at which size, and whether it is mirrored then: what happens to an image, its
/// segmentation and its boxes alike.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Geometry {
    pub(crate) part: Square,
    pub(crate) size: u32,
    pub(crate) mirrored: bool,
}

impl Geometry {
    /// `[H, W]` to `[S, S]`: each pixel takes the label at its middle, and none is mixed.
    pub(crate) fn segmentation(&self, from: &Segmentation) -> Segmentation {
        let (width, height) = from.map.dimensions();
        let scale = self.part.side / f64::from(self.size);
        let place = |at: u32, start: f64, count: u32| {
            let place = (start + (f64::from(at) + 0.5) * scale).floor();
            // Rounding may lead to the pixel after the last one.
            (place as u32).min(count - 1)
        };
        let sides: &[LabelSides] = if self.mirrored { &from.sides } else { &[] };
        let map = LabelMap::from_fn(self.size, self.size, |x, y| {
            let x = if self.mirrored { self.size - 1 - x } else { x };
            let mut label = *from.map.get_pixel(place(x, self.part.left, width), place(y, self.part.top, height));
            label.0[0] = LabelSides::mirrored(sides, label.0[0]);
            label
        });
        Segmentation { map, sides: from.sides.clone() }
    }

    /// What is left of the boxes; those outside are left out.
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
                let seen = width > 0.0 && height > 0.0;
                seen.then(|| LabelledBox { label: from.label.clone(), left, top, width, height })
            })
            .collect()
    }
}
