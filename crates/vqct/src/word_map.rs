//! A picture of words over patches.

use std::convert::Infallible;

use embedded_graphics::Drawable;
use embedded_graphics::Pixel;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{OriginDimensions, Point, Size};
use embedded_graphics::mono_font::MonoTextStyle;
use embedded_graphics::mono_font::ascii::FONT_6X10;
use embedded_graphics::pixelcolor::{Rgb888, RgbColor};
use embedded_graphics::text::{Baseline, Text};
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

const CELL_WIDTH: u32 = 96;
const LINE_HEIGHT: u32 = 11;
/// Height of the part of a cell that shows the patch alone.
const PATCH_HEIGHT: u32 = 60;
const MARGIN: u32 = 2;

/// What is written over a patch, one label per slot.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) labels: Vec<String>,
}

/// Enlarges each patch of `image` and writes the labels of its cell below it.
pub(crate) fn draw(cells: &[Vec<Cell>], image: &RgbImage) -> RgbImage {
    let rows = cells.len() as u32;
    let columns = cells.first().map_or(0, Vec::len) as u32;
    let slots = cells.first().and_then(|row| row.first()).map_or(0, |cell| cell.labels.len()) as u32;
    let cell_height = PATCH_HEIGHT + slots * LINE_HEIGHT + MARGIN;
    let mut canvas = Canvas(RgbImage::from_pixel(columns * CELL_WIDTH, rows * cell_height, Rgb([255, 255, 255])));
    let (patch_width, patch_height) = (image.width() / columns.max(1), image.height() / rows.max(1));
    for (row, line) in (0_u32..).zip(cells) {
        for (column, cell) in (0_u32..).zip(line) {
            let patch = imageops::crop_imm(image, column * patch_width, row * patch_height, patch_width, patch_height);
            let patch = imageops::resize(&patch.to_image(), CELL_WIDTH - 1, PATCH_HEIGHT, FilterType::Nearest);
            let (left, top) = (column * CELL_WIDTH, row * cell_height);
            imageops::replace(&mut canvas.0, &patch, i64::from(left), i64::from(top));
            for (slot, label) in (0_u32..).zip(&cell.labels) {
                let at = Point::new((left + MARGIN) as i32, (top + PATCH_HEIGHT + slot * LINE_HEIGHT) as i32);
                let style = MonoTextStyle::new(&FONT_6X10, Rgb888::BLACK);
                let text = Text::with_baseline(label, at, style, Baseline::Top);
                let Ok(_) = text.draw(&mut canvas);
            }
        }
    }
    canvas.0
}

/// An image that fonts can be drawn on; what lies outside is cut.
struct Canvas(RgbImage);

impl OriginDimensions for Canvas {
    fn size(&self) -> Size {
        Size::new(self.0.width(), self.0.height())
    }
}

impl DrawTarget for Canvas {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(at, color) in pixels {
            let (Ok(x), Ok(y)) = (u32::try_from(at.x), u32::try_from(at.y)) else { continue };
            if let Some(pixel) = self.0.get_pixel_mut_checked(x, y) {
                *pixel = Rgb([color.r(), color.g(), color.b()]);
            }
        }
        Ok(())
    }
}
