//! A picture of scenes with their captions below.

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

use super::Scene;

const LETTER_WIDTH: usize = 6;
const LINE_HEIGHT: u32 = 11;
const MARGIN: u32 = 4;

/// How a sheet is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SheetLayout {
    /// Scenes in a row, at least 1.
    pub columns: u32,
    /// Each pixel of a scene becomes a square of so many, at least 1.
    pub zoom: u32,
}

/// Draws scenes row by row, each with its caption below.
///
/// Captions are broken between words; the rows are as high as the longest caption needs.
#[must_use]
pub fn sheet(scenes: &[Scene], layout: SheetLayout) -> RgbImage {
    let columns = layout.columns.max(1);
    let side = scenes.iter().map(|scene| scene.image.width() * layout.zoom.max(1)).max().unwrap_or(0);
    let captions: Vec<Vec<String>> =
        scenes.iter().map(|scene| lines(&scene.caption, side as usize / LETTER_WIDTH)).collect();
    let text = captions.iter().map(Vec::len).max().unwrap_or(0) as u32 * LINE_HEIGHT;
    let (width, height) = (side + MARGIN, side + text + MARGIN);
    let rows = (scenes.len() as u32).div_ceil(columns);
    let white = RgbImage::from_pixel(columns * width + MARGIN, rows * height + MARGIN, Rgb([255; 3]));
    let mut canvas = Canvas(white);
    for ((scene, caption), number) in scenes.iter().zip(&captions).zip(0..) {
        let (left, top) = (number % columns * width + MARGIN, number / columns * height + MARGIN);
        let enlarged = imageops::resize(&scene.image, side, side, FilterType::Nearest);
        imageops::replace(&mut canvas.0, &enlarged, left.into(), top.into());
        for (line, row) in caption.iter().zip(0_u32..) {
            let at = Point::new(left as i32, (top + side + 1 + row * LINE_HEIGHT) as i32);
            let style = MonoTextStyle::new(&FONT_6X10, Rgb888::BLACK);
            let Ok(_) = Text::with_baseline(line, at, style, Baseline::Top).draw(&mut canvas);
        }
    }
    canvas.0
}

/// Breaks a text between words into lines of at most `letters`, but for longer words.
fn lines(text: &str, letters: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut().filter(|line| line.len() + 1 + word.len() <= letters) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
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
