//! Pictures in rows and columns, with words below each.

mod lettering;
mod samples;

pub use samples::{SampleCells, SampleWords, sample_cells};

use image::{Rgb, RgbImage, RgbaImage, imageops};

use crate::resize::resize_whole;
use crate::{DataError, MAX_DECODED_BYTES, MAX_SIDE};
use lettering::Lettering;

const PAGE: [u8; 3] = [255; 3];

/// How a grid is laid out; lengths are in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GridLayout {
    /// Cells in a row, at least 1.
    pub columns: u32,
    /// The width of a cell with its padding, at least 16.
    pub cell: u32,
    /// The most that a picture may be high, at least 1.
    pub picture: u32,
    /// Around picture and words of a cell; less than a quarter of the cell.
    pub padding: u32,
    /// The height of letters, from the lowest to the highest, at least 6.
    pub letters: f32,
}

/// A picture and what is written below it.
#[derive(Debug, Clone, PartialEq)]
pub struct GridCell {
    /// `[H, W, 4]`, of any size, with straight alpha; what is transparent is white.
    pub picture: RgbaImage,
    /// From top to bottom.
    pub words: Vec<GridWords>,
}

/// A text below a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GridWords {
    /// Any text; letters that no font has are drawn as a sign for that.
    pub text: String,
    /// How it is drawn.
    pub tone: Tone,
    /// The most lines that it may take; a longer text is cut, and says so.
    pub lines: usize,
}

/// How a text is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Black.
    Plain,
    /// Grey.
    Faint,
    /// Red.
    Alarm,
}

impl Tone {
    fn color(self) -> [u8; 3] {
        match self {
            Self::Plain => [0; 3],
            Self::Faint => [110; 3],
            Self::Alarm => [190, 0, 0],
        }
    }
}

impl GridLayout {
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

    /// The most pixels that picture and words may be wide.
    fn inner(&self) -> u32 {
        self.cell - 2 * self.padding
    }

    /// A picture at the size at which a grid shows it: larger ones shrink, and small ones have their pixels enlarged a whole
    /// number of times.
    fn fitted(&self, picture: &RgbaImage) -> Result<RgbaImage, DataError> {
        let (width, height) = picture.dimensions();
        if width == 0 || height == 0 {
            return Err(DataError::unexpected("draw a grid", "pictures with pixels", format!("{width}x{height}")));
        }
        let (most_wide, most_high) = (self.inner(), self.picture);
        let times = (most_wide / width).min(most_high / height);
        if times >= 1 {
            let (width, height) = (width * times, height * times);
            return Ok(imageops::resize(picture, width, height, imageops::FilterType::Nearest));
        }
        let scale = (f64::from(most_wide) / f64::from(width)).min(f64::from(most_high) / f64::from(height));
        let side = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
        resize_whole(picture, side(width), side(height))
    }
}

/// Draws cells row by row; a row is as high as the highest of its cells.
///
/// # Errors
///
/// If the layout is not sensible, there is no cell, a picture has no pixels, or the grid would be larger than [`MAX_SIDE`]
/// or [`MAX_DECODED_BYTES`].
pub fn draw_grid(cells: &[GridCell], layout: GridLayout) -> Result<RgbImage, DataError> {
    layout.check()?;
    let lettering = Lettering::new(layout.letters)?;
    let cells: Vec<Ready> = cells.iter().map(|cell| Ready::new(cell, layout, &lettering)).collect::<Result<_, _>>()?;
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

/// A cell whose picture has its size and whose words are broken into lines.
struct Ready {
    picture: RgbaImage,
    lines: Vec<Line>,
}

struct Line {
    text: String,
    tone: Tone,
}

/// Cells beside one another.
struct Row<'a> {
    cells: &'a [Ready],
    /// The height of the highest picture.
    picture: u32,
    /// The most lines.
    lines: usize,
}

impl<'a> Row<'a> {
    fn new(cells: &'a [Ready]) -> Self {
        let picture = cells.iter().map(|cell| cell.picture.height()).max().unwrap_or(0);
        let lines = cells.iter().map(|cell| cell.lines.len()).max().unwrap_or(0);
        Self { cells, picture, lines }
    }

    fn height(&self, layout: GridLayout, lettering: &Lettering) -> u64 {
        let words = self.lines as u64 * u64::from(lettering.line_height());
        u64::from(self.picture) + words + 2 * u64::from(layout.padding)
    }
}

impl Ready {
    fn new(cell: &GridCell, layout: GridLayout, lettering: &Lettering) -> Result<Self, DataError> {
        let lines = cell.words.iter().flat_map(|words| {
            let lines = lettering.wrap(&words.text, layout.inner() as f32, words.lines);
            lines.into_iter().map(|text| Line { text, tone: words.tone })
        });
        Ok(Self { lines: lines.collect(), picture: layout.fitted(&cell.picture)? })
    }

    /// Pictures of a row stand on one line, so that the words below begin on one.
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
