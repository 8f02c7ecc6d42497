//! A picture of words over patches.

use anyhow::Result;
use image::{DynamicImage, RgbImage, imageops};
use vq_data::grid::{GridCell, GridLayout, GridWords, Tone, draw_grid};

const CELL_WIDTH: u32 = 96;
/// Height of the part of a cell that shows the patch alone.
const PATCH_HEIGHT: u32 = 60;
const PADDING: u32 = 2;
const LETTERS: f32 = 14.0;

/// What is written over a patch, one label per slot.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) labels: Vec<String>,
}

/// Enlarges each patch of `image` and writes the labels of its cell below it.
pub(crate) fn draw(cells: &[Vec<Cell>], image: &RgbImage) -> Result<RgbImage> {
    let rows = cells.len() as u32;
    let columns = cells.first().map_or(0, Vec::len) as u32;
    let (width, height) = (image.width() / columns.max(1), image.height() / rows.max(1));
    let mut drawn = Vec::new();
    for (row, line) in (0..).zip(cells) {
        for (column, cell) in (0..).zip(line) {
            let patch = imageops::crop_imm(image, column * width, row * height, width, height).to_image();
            let words = cell.labels.iter().map(|label| GridWords { text: label.clone(), tone: Tone::Plain, lines: 1 });
            drawn.push(GridCell { picture: DynamicImage::from(patch).into_rgba8(), words: words.collect() });
        }
    }
    let layout = GridLayout { columns, cell: CELL_WIDTH, picture: PATCH_HEIGHT, padding: PADDING, letters: LETTERS };
    Ok(draw_grid(&drawn, layout)?)
}
