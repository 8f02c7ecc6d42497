//! An image of scenes with their captions below.

use image::{DynamicImage, RgbImage};

use vq_data::DataError;
use vq_data::grid::{GridCell, GridLayout, GridWords, Tone, draw_grid};

use crate::Scene;

const PADDING: u32 = 3;
const LETTERS: f32 = 14.0;

/// The layout of a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SheetLayout {
    /// The number of scenes in a row, at least 1.
    pub columns: u32,
    /// The enlargement factor of a scene, at least 1.
    pub zoom: u32,
}

/// Draws scenes of one size row by row, each with its caption below.
///
/// # Errors
///
/// As [`draw_grid`].
pub fn sheet(scenes: &[Scene], layout: SheetLayout) -> Result<RgbImage, DataError> {
    let side = scenes.iter().map(|scene| scene.image.width()).max().unwrap_or(0).saturating_mul(layout.zoom);
    let cell = |scene: &Scene| GridCell {
        picture: DynamicImage::from(scene.image.clone()).into_rgba8(),
        words: vec![GridWords { text: scene.caption.clone(), tone: Tone::Plain, lines: usize::MAX }],
    };
    let cells: Vec<GridCell> = scenes.iter().map(cell).collect();
    let cell = side.saturating_add(2 * PADDING);
    let (columns, picture) = (layout.columns, side);
    draw_grid(&cells, GridLayout { columns, cell, picture, padding: PADDING, letters: LETTERS })
}
