//! Conversion between images and planes of numbers.

use image::RgbImage;

use crate::DataError;

/// Scales an sRGB level of `0.0..=255.0` to `-1.0..=1.0`.
pub(crate) fn level_to_unit(level: f32) -> f32 {
    level / 127.5 - 1.0
}

/// Converts an image to `[3, H, W]` in `-1.0..=1.0`.
#[must_use]
pub fn chw_from_rgb(image: &RgbImage) -> Vec<f32> {
    let plane = image.width() as usize * image.height() as usize;
    let mut chw = vec![0.0; 3 * plane];
    for (at, pixel) in image.pixels().enumerate() {
        for (channel, &level) in pixel.0.iter().enumerate() {
            chw[channel * plane + at] = level_to_unit(f32::from(level));
        }
    }
    chw
}

/// Converts numbers to an image; the inverse of [`chw_from_rgb`].
///
/// `chw` is `[3, height, width]`.
/// Each value `v` becomes the level `(v + 1) * 127.5`, clamped to `0..=255` and rounded to
/// the nearest integer (halves go up); NaN becomes 0.
///
/// # Errors
///
/// If `chw` does not hold `3 * height * width` values.
pub fn rgb_from_chw(chw: &[f32], width: u32, height: u32) -> Result<RgbImage, DataError> {
    let plane = width as usize * height as usize;
    if chw.len() != 3 * plane {
        return Err(DataError::unexpected(
            "convert numbers to an image",
            format!("3 x {height} x {width} values"),
            chw.len(),
        ));
    }
    let level = |v: f32| ((v + 1.0) * 127.5).clamp(0.0, 255.0).round() as u8;
    Ok(RgbImage::from_fn(width, height, |x, y| {
        let at = y as usize * width as usize + x as usize;
        image::Rgb([0, 1, 2].map(|channel| level(chw[channel * plane + at])))
    }))
}
