//! Transforms from samples to numbers.

mod choices;
mod geometry;
mod jitter;
mod options;
mod sides;
mod square;
mod transformed;

pub use jitter::Jitter;
pub use options::{Background, Crop, Flip};
pub use sides::Sides;
pub(crate) use square::square_sample;
pub use transformed::{Annotations, Transformed};

use image::RgbaImage;
use serde::{Deserialize, Serialize};

use crate::chw::level_to_unit;
use crate::resize::{Square, resize_square};
use crate::{DataError, Sample};
use choices::RandomChoices;
use geometry::{Geometry, check_segmentation};

/// Converts an image to numbers.
///
/// The steps are, in this order: crop, resize (by the filter of [`center_square`](crate::center_square)), composition
/// over the background, flip, colour jitter.
/// Segmentation and boxes of a [`Sample`] go through the same crop, resize (to the nearest pixel) and flip.
///
/// ```toml
/// size = 64
/// background = "random"            # or { color = [255, 255, 255] }
/// flip = "never"                   # or "random"; the default is "never"
/// crop = { random = 0.9 }          # or "center", the default
/// sides = "keep"                   # the default; or "swap" or "ignore"
/// jitter = { brightness = 0.1, contrast = 0.1, saturation = 0.1 }     # none by default
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transform {
    /// Height and width of the result, S.
    pub size: u32,
    /// The background of transparent pixels.
    pub background: Background,
    /// Whether the image is mirrored.
    #[serde(default)]
    pub flip: Flip,
    /// The square region that is taken.
    #[serde(default)]
    pub crop: Crop,
    /// What a flip does to an image whose caption contains `left` or `right`.
    #[serde(default, skip_serializing_if = "keeps_sides")]
    pub sides: Sides,
    /// How much brightness, contrast and saturation change.
    #[serde(default, skip_serializing_if = "Jitter::is_none")]
    pub jitter: Jitter,
}

/// The default is not written, so files that were written before the key existed stay the same.
fn keeps_sides(sides: &Sides) -> bool {
    *sides == Sides::default()
}

impl Transform {
    /// The transform without random choices: centre crop, this background, no flip.
    #[must_use]
    pub fn fixed(size: u32, background: [u8; 3]) -> Self {
        Self {
            size,
            background: Background::Color(background),
            flip: Flip::Never,
            crop: Crop::Center,
            sides: Sides::Keep,
            jitter: Jitter::default(),
        }
    }

    /// The number of values of a transformed image: `3 * S * S`.
    #[must_use]
    pub fn values(&self) -> usize {
        3 * self.size as usize * self.size as usize
    }

    /// `[H, W, 4]` to `[3, S, S]` in `-1.0..=1.0`; a pure function of the image and the seed.
    ///
    /// # Errors
    ///
    /// If the size is 0, a random crop's share is not in `0.0 < share <= 1.0`, or the image is empty.
    pub fn apply(&self, image: &RgbaImage, seed: u64) -> Result<Vec<f32>, DataError> {
        let mut chw = vec![0.0; self.values()];
        self.apply_into(image, seed, &mut chw)?;
        Ok(chw)
    }

    /// As [`apply`](Self::apply), written to `chw`, `[3, S, S]`.
    ///
    /// # Errors
    ///
    /// As [`apply`](Self::apply), or if `chw` has another length.
    pub fn apply_into(&self, image: &RgbaImage, seed: u64, chw: &mut [f32]) -> Result<(), DataError> {
        self.write(image, None, seed, chw).map(|_| ())
    }

    /// Image, first caption, segmentation and boxes of a sample; a pure function of the sample and the seed.
    ///
    /// # Errors
    ///
    /// As [`apply`](Self::apply), or if the segmentation is not as large as the image.
    pub fn apply_sample(&self, sample: &Sample, seed: u64) -> Result<Transformed, DataError> {
        let mut chw = vec![0.0; self.values()];
        let annotations = self.apply_sample_into(sample, sample.caption.as_deref(), seed, &mut chw)?;
        Ok(Transformed { chw, annotations })
    }

    /// As [`apply_sample`](Self::apply_sample) with this caption, written to `chw`, `[3, S, S]`.
    pub(crate) fn apply_sample_into(
        &self,
        sample: &Sample,
        caption: Option<&str>,
        seed: u64,
        chw: &mut [f32],
    ) -> Result<Annotations, DataError> {
        check_segmentation(sample)?;
        let geometry = self.write(&sample.image, caption, seed, chw)?;
        let flipped = |caption: &str| match geometry.mirrored {
            true => self.sides.flipped(caption).into_owned(),
            false => caption.to_owned(),
        };
        Ok(Annotations {
            caption: caption.map(flipped),
            segmentation: sample.segmentation.as_ref().map(|from| geometry.segmentation(from)),
            boxes: geometry.boxes(&sample.boxes),
        })
    }

    /// Writes the image to `chw` and returns the geometry that was applied.
    fn write(
        &self,
        image: &RgbaImage,
        caption: Option<&str>,
        seed: u64,
        chw: &mut [f32],
    ) -> Result<Geometry, DataError> {
        self.check()?;
        if chw.len() != self.values() {
            return Err(DataError::unexpected(
                "transform an image",
                format!("a buffer of {} values", self.values()),
                chw.len(),
            ));
        }
        let choices = RandomChoices::draw(seed, &self.jitter);
        let part = self.square(image, &choices);
        let mirrored = self.flip == Flip::Random && choices.mirrored && self.sides.allow(caption);
        let square = resize_square(image, part, self.size)?;
        let background = match self.background {
            Background::Color(color) => color,
            Background::Random => choices.color,
        }
        .map(f32::from);

        let size = self.size as usize;
        let (red, rest) = chw.split_at_mut(size * size);
        let (green, blue) = rest.split_at_mut(size * size);
        let planes = red.chunks_exact_mut(size).zip(green.chunks_exact_mut(size)).zip(blue.chunks_exact_mut(size));
        for (pixels, ((red, green), blue)) in square.as_raw().chunks_exact(4 * size).zip(planes) {
            compose(pixels, background, [&mut *red, &mut *green, &mut *blue]);
            if mirrored {
                [red, green, blue].into_iter().for_each(|row| row.reverse());
            }
        }
        choices.jitter.apply(chw);
        Ok(Geometry { part, size: self.size, mirrored })
    }

    pub(crate) fn check(&self) -> Result<(), DataError> {
        let refuse = |expected: &str, got: String| Err(DataError::unexpected("transform", expected, got));
        if self.size == 0 {
            return refuse("a size of at least 1", self.size.to_string());
        }
        self.jitter.check()?;
        match self.crop {
            Crop::Random(share) if !(share > 0.0 && share <= 1.0) => {
                refuse("a random crop above 0 and at most 1 of the shorter side", share.to_string())
            }
            _ => Ok(()),
        }
    }

    fn square(&self, image: &RgbaImage, choices: &RandomChoices) -> Square {
        let Crop::Random(min) = self.crop else {
            return Square::center(image);
        };
        let (width, height) = (f64::from(image.width()), f64::from(image.height()));
        let side = width.min(height) * (min + (1.0 - min) * choices.scale);
        Square { left: (width - side) * choices.left, top: (height - side) * choices.top, side }
    }
}

/// Composes a row of pixels, `[W, 4]`, over the background and writes each channel to a row of its own, `[W]`.
///
/// A separate loop without branches compiles to vector instructions.
fn compose(pixels: &[u8], background: [f32; 3], [red, green, blue]: [&mut [f32]; 3]) {
    let channels = red.iter_mut().zip(green).zip(blue);
    for (pixel, ((red, green), blue)) in pixels.chunks_exact(4).zip(channels) {
        let alpha = f32::from(pixel[3]) / 255.0;
        let over =
            |channel: usize| level_to_unit(f32::from(pixel[channel]) * alpha + background[channel] * (1.0 - alpha));
        *red = over(0);
        *green = over(1);
        *blue = over(2);
    }
}
