//! The layout of a grid.

use image::{RgbaImage, imageops};

use crate::resize::resize_whole;
use crate::{DataError, MAX_SIDE};

/// The layout of a grid; lengths are in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GridLayout {
    /// The number of cells in a row, at least 1.
    pub columns: u32,
    /// The width of a cell with its padding, at least 16.
    pub cell: u32,
    /// The largest height of a picture, at least 1.
    pub picture: u32,
    /// The padding around picture and text of a cell; less than a quarter of the cell.
    pub padding: u32,
    /// The height of letters, from the lowest to the highest point, at least 6.
    pub letters: f32,
}

impl GridLayout {
    /// Checks all values.
    ///
    /// # Errors
    ///
    /// If a value is outside of its range; the error names it.
    pub fn check(&self) -> Result<(), DataError> {
        let refuse = |key: &str, expected: String, got: String| {
            Err(DataError::unexpected(format!("lay out a grid: {key}"), expected, got))
        };
        let sides = 16..=MAX_SIDE;
        if self.columns == 0 {
            return refuse("columns", "at least 1".to_owned(), "0".to_owned());
        }
        if !sides.contains(&self.cell) {
            return refuse("cell", format!("16 to {MAX_SIDE} pixels"), self.cell.to_string());
        }
        if self.picture == 0 || self.picture > MAX_SIDE {
            return refuse("picture", format!("1 to {MAX_SIDE} pixels"), self.picture.to_string());
        }
        if self.padding >= self.cell / 4 {
            return refuse("padding", format!("less than {} pixels", self.cell / 4), self.padding.to_string());
        }
        if !(6.0..=256.0).contains(&self.letters) {
            return refuse("letters", "6 to 256 pixels".to_owned(), self.letters.to_string());
        }
        Ok(())
    }

    /// The largest width of picture and text, in pixels.
    pub(super) fn inner(&self) -> u32 {
        self.cell - 2 * self.padding
    }

    /// A picture at the size at which a grid shows it: large pictures are shrunk, and small ones are enlarged by a
    /// whole factor, each pixel to a square.
    pub(super) fn fitted(&self, picture: &RgbaImage) -> Result<RgbaImage, DataError> {
        let (width, height) = picture.dimensions();
        if width == 0 || height == 0 {
            return Err(DataError::unexpected("draw a grid", "pictures with pixels", format!("{width}x{height}")));
        }
        let (max_width, max_height) = (self.inner(), self.picture);
        let factor = (max_width / width).min(max_height / height);
        if factor >= 1 {
            let (width, height) = (width * factor, height * factor);
            return Ok(imageops::resize(picture, width, height, imageops::FilterType::Nearest));
        }
        let scale = (f64::from(max_width) / f64::from(width)).min(f64::from(max_height) / f64::from(height));
        let side = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
        resize_whole(picture, side(width), side(height))
    }
}
