//! Boxes of whole pixels.

use serde::{Deserialize, Serialize};

/// A box of whole pixels; the right and bottom edges are exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PixelBox {
    /// The first column.
    pub left: u32,
    /// The first row.
    pub top: u32,
    /// The number of columns.
    pub width: u32,
    /// The number of rows.
    pub height: u32,
}

impl PixelBox {
    /// Twice the centre, in pixels from the top left; doubled, it is a whole number.
    #[must_use]
    pub fn doubled_center(self) -> [u32; 2] {
        [2 * self.left + self.width, 2 * self.top + self.height]
    }

    /// The box in an image of this width that is mirrored left to right.
    #[must_use]
    pub fn mirrored(self, width: u32) -> Self {
        Self { left: width - self.left - self.width, ..self }
    }
}
