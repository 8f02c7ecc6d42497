//! Sprites of emoji.

use image::{RgbaImage, imageops};

use crate::Color;

/// Below this chroma a pixel is an outline, an eye or a highlight, and keeps its colour when its object is tinted.
const NEUTRAL: i32 = 20;
/// The chroma above [`NEUTRAL`] from which a pixel is tinted fully.
const FADE: i32 = 32;
/// The share of visible pixels, in percent, that must have a colour for the object to have it.
const TINTED: usize = 60;

/// An emoji cropped to its visible part.
#[derive(Debug, Clone)]
pub(crate) struct Sprite {
    /// `[H, W, 4]`, straight alpha.
    pub(crate) image: RgbaImage,
    /// The mean brightness of the pixels that have a hue, 0 to 255; tinting keeps brightness relative to it.
    middle: i32,
}

impl Sprite {
    /// Crops the transparent margin; `None` if the whole image is transparent.
    pub(crate) fn cut(image: &RgbaImage) -> Option<Self> {
        let seen = || image.enumerate_pixels().filter(|(_, _, pixel)| pixel[3] >= 128);
        let (left, right) = (seen().map(|at| at.0).min()?, seen().map(|at| at.0).max()?);
        let (top, bottom) = (seen().map(|at| at.1).min()?, seen().map(|at| at.1).max()?);
        let image = imageops::crop_imm(image, left, top, right - left + 1, bottom - top + 1).to_image();
        let cut = Self { image, middle: 0 };
        let has_hue = |rgb: &[u8; 3]| chroma(*rgb) >= NEUTRAL + FADE / 2;
        let hued: Vec<i32> = cut.seen().into_iter().filter(has_hue).map(brightness).collect();
        Some(Self { middle: hued.iter().sum::<i32>() / (hued.len() as i32).max(1), ..cut })
    }

    /// Whether the emoji has each colour after it is tinted in it: enough of the visible pixels are then of the colour.
    pub(crate) fn is_tintable(&self) -> bool {
        Color::ALL.into_iter().all(|color| {
            let is_named = |&&rgb: &&[u8; 3]| Color::of_pixel(self.tinted(rgb, color)) == Some(color);
            let seen = self.seen();
            100 * seen.iter().filter(is_named).count() >= TINTED * seen.len()
        })
    }

    /// The colour of more than half of the visible pixels, if there is one.
    pub(crate) fn natural_color(&self) -> Option<Color> {
        let names: Vec<Option<Color>> = self.seen().into_iter().map(Color::of_pixel).collect();
        let count = |color| names.iter().filter(|&&name| name == Some(color)).count();
        Color::ALL.into_iter().find(|&color| 2 * count(color) > names.len())
    }

    /// The mean colour of the visible pixels.
    pub(crate) fn mean(&self) -> [i32; 3] {
        let seen = self.seen();
        let sum = |channel: usize| seen.iter().map(|rgb| u64::from(rgb[channel])).sum::<u64>();
        std::array::from_fn(|channel| (sum(channel) / (seen.len() as u64).max(1)) as i32)
    }

    /// The pixels that are at least half opaque.
    fn seen(&self) -> Vec<[u8; 3]> {
        let seen = self.image.pixels().filter(|pixel| pixel[3] >= 128);
        seen.map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect()
    }

    /// A copy whose longer side is `side`.
    ///
    /// Each new pixel is the mean over its area, on premultiplied alpha. It uses integers only, because scenes must be
    /// the same on every machine, which libraries with vector instructions do not promise.
    pub(crate) fn scaled(&self, side: u32) -> Self {
        let (width, height) = self.image.dimensions();
        let longer = width.max(height);
        let scale = |length: u32| ((2 * length * side + longer) / (2 * longer)).max(1);
        let (new_width, new_height) = (scale(width), scale(height));
        let (columns, rows) = (spans(width, new_width), spans(height, new_height));
        let image = RgbaImage::from_fn(new_width, new_height, |x, y| {
            let mut sums = [0_u64; 4];
            for &(row, row_weight) in &rows[y as usize] {
                for &(column, column_weight) in &columns[x as usize] {
                    let pixel = self.image.get_pixel(column, row);
                    let weight = row_weight * column_weight;
                    let opaque = weight * u64::from(pixel[3]);
                    for channel in 0..3 {
                        sums[channel] += opaque * u64::from(pixel[channel]);
                    }
                    sums[3] += opaque;
                }
            }
            // The weights of a span sum to the old length.
            let area = u64::from(width) * u64::from(height);
            let level = |sum: u64| ((2 * sum + sums[3]) / (2 * sums[3]).max(1)) as u8;
            image::Rgba([level(sums[0]), level(sums[1]), level(sums[2]), ((2 * sums[3] + area) / (2 * area)) as u8])
        });
        Self { image, middle: self.middle }
    }

    /// A pixel tinted in this colour: its hue is replaced, and its brightness is kept as far as the colour allows.
    pub(crate) fn tinted(&self, rgb: [u8; 3], color: Color) -> [u8; 3] {
        let part = (chroma(rgb) - NEUTRAL).clamp(0, FADE);
        if part == 0 {
            return rgb;
        }
        let level = (128 + (brightness(rgb) - self.middle) * 5 / 4).clamp(0, 255) as u8;
        let shade = color.shade(level);
        std::array::from_fn(|channel| {
            let (from, to) = (i32::from(rgb[channel]), i32::from(shade[channel]));
            (from + (to - from) * part / FADE) as u8
        })
    }
}

/// For each new pixel, the old pixels that it covers, with their weights.
fn spans(old: u32, new: u32) -> Vec<Vec<(u32, u64)>> {
    let (old, new) = (u64::from(old), u64::from(new));
    let span = |at: u64| {
        let (from, to) = (at * old, (at + 1) * old);
        let weight = move |pixel: u64| (to.min((pixel + 1) * new) - from.max(pixel * new), pixel);
        (from / new..to.div_ceil(new)).map(weight).map(|(weight, pixel)| (pixel as u32, weight)).collect()
    };
    (0..new).map(span).collect()
}

fn chroma(rgb: [u8; 3]) -> i32 {
    let [red, green, blue] = rgb.map(i32::from);
    red.max(green).max(blue) - red.min(green).min(blue)
}

/// Luma of ITU-R BT.601, in integers.
fn brightness(rgb: [u8; 3]) -> i32 {
    let [red, green, blue] = rgb.map(i32::from);
    (299 * red + 587 * green + 114 * blue) / 1000
}
