//! Drawing of a grid.

use image::{Rgb, RgbImage, RgbaImage};

use super::cell::{GridCell, Tone};
use super::layout::GridLayout;
use super::lettering::Lettering;
use crate::{DataError, MAX_DECODED_BYTES, MAX_SIDE};

const PAGE: [u8; 3] = [255; 3];

/// Draws cells row by row; a row is as high as the highest of its cells.
///
/// # Errors
///
/// If a value of the layout is out of range, there is no cell, a picture has no pixels, or the grid would be larger
/// than [`MAX_SIDE`] or [`MAX_DECODED_BYTES`].
pub fn draw_grid(cells: &[GridCell], layout: GridLayout) -> Result<RgbImage, DataError> {
    layout.check()?;
    let lettering = Lettering::new(layout.letters)?;
    let cells: Vec<PreparedCell> =
        cells.iter().map(|cell| PreparedCell::new(cell, layout, &lettering)).collect::<Result<_, _>>()?;
    let rows: Vec<Row<'_>> = cells.chunks(layout.columns as usize).map(Row::new).collect();
    let columns = cells.len().min(layout.columns as usize) as u64;
    let width = columns * u64::from(layout.cell);
    let height: u64 = rows.iter().map(|row| row.height(layout, &lettering)).sum();
    let (width, height) = match (u32::try_from(width), u32::try_from(height)) {
        (Ok(width @ 1..=MAX_SIDE), Ok(height @ 1..=MAX_SIDE))
            if u64::from(width) * u64::from(height) * 3 <= MAX_DECODED_BYTES =>
        {
            (width, height)
        }
        _ => {
            let expected = format!("1 to {MAX_SIDE} pixels a side, at most {MAX_DECODED_BYTES} bytes");
            return Err(DataError::unexpected("draw a grid", expected, format!("{width}x{height} pixels")));
        }
    };
    let mut page = RgbImage::from_pixel(width, height, Rgb(PAGE));
    let mut top = 0;
    for row in rows {
        for (cell, column) in row.cells.iter().zip(0_u32..) {
            cell.draw(&mut page, layout, &lettering, column * layout.cell, top + layout.padding, row.picture);
        }
        top += row.height(layout, &lettering) as u32;
    }
    Ok(page)
}

/// A cell with its picture resized and its texts broken into lines.
struct PreparedCell {
    picture: RgbaImage,
    lines: Vec<Line>,
}

struct Line {
    text: String,
    tone: Tone,
}

/// The cells of one row.
struct Row<'a> {
    cells: &'a [PreparedCell],
    /// The height of the tallest picture.
    picture: u32,
    /// The largest number of lines.
    lines: usize,
}

impl<'a> Row<'a> {
    fn new(cells: &'a [PreparedCell]) -> Self {
        let picture = cells.iter().map(|cell| cell.picture.height()).max().unwrap_or(0);
        let lines = cells.iter().map(|cell| cell.lines.len()).max().unwrap_or(0);
        Self { cells, picture, lines }
    }

    fn height(&self, layout: GridLayout, lettering: &Lettering) -> u64 {
        let words = self.lines as u64 * u64::from(lettering.line_height());
        u64::from(self.picture) + words + 2 * u64::from(layout.padding)
    }
}

impl PreparedCell {
    fn new(cell: &GridCell, layout: GridLayout, lettering: &Lettering) -> Result<Self, DataError> {
        let lines = cell.words.iter().flat_map(|words| {
            let lines = lettering.wrap(&words.text, layout.inner() as f32, words.lines);
            lines.into_iter().map(|text| Line { text, tone: words.tone })
        });
        Ok(Self { lines: lines.collect(), picture: layout.fitted(&cell.picture)? })
    }

    /// Draws the cell. Pictures of a row are aligned at the bottom, so the texts below begin at one height.
    fn draw(&self, page: &mut RgbImage, layout: GridLayout, lettering: &Lettering, left: u32, top: u32, picture: u32) {
        let (x, y) = (left + (layout.cell - self.picture.width()) / 2, top + picture - self.picture.height());
        for (at_x, at_y, pixel) in self.picture.enumerate_pixels() {
            let over = image::Rgba([PAGE[0], PAGE[1], PAGE[2], u8::MAX]);
            page.put_pixel(x + at_x, y + at_y, blended(over, *pixel));
        }
        for (line, row) in self.lines.iter().zip(0_u32..) {
            let top = top + picture + row * lettering.line_height();
            lettering.draw(page, &line.text, left + layout.padding, top, line.tone.color());
        }
    }
}

fn blended(mut below: image::Rgba<u8>, pixel: image::Rgba<u8>) -> Rgb<u8> {
    image::Pixel::blend(&mut below, &pixel);
    image::Pixel::to_rgb(&below)
}
