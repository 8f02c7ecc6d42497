//! Crops and resampling.

use fast_image_resize::{
    FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer,
    images::{Image, ImageRef},
};
use image::RgbaImage;

use crate::DataError;

/// A square region of an image, in pixels; fractions of a pixel are allowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Square {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) side: f64,
}

impl Square {
    /// The largest centred square of an image, at whole pixels (rounded to the top left).
    pub(crate) fn center(image: &RgbaImage) -> Self {
        let (width, height) = image.dimensions();
        let side = width.min(height);
        Self { left: f64::from((width - side) / 2), top: f64::from((height - side) / 2), side: f64::from(side) }
    }
}

/// Crops the largest centred square of an image and resizes it to `[size, size, 4]`.
///
/// The filter is Catmull-Rom (bicubic, a = -0.5), widened for shrinking to avoid aliasing.
/// It works on premultiplied alpha, so the colour of invisible pixels does not bleed, and on levels as they are stored
/// (sRGB), as browsers do.
/// An image that already has this size is returned unchanged.
///
/// # Errors
///
/// If `size` is 0 or the image has no pixels.
pub fn center_square(image: &RgbaImage, size: u32) -> Result<RgbaImage, DataError> {
    resize_square(image, Square::center(image), size)
}

pub(crate) fn resize_square(image: &RgbaImage, part: Square, size: u32) -> Result<RgbaImage, DataError> {
    let (width, height) = image.dimensions();
    let refuse =
        |expected: &str, got: String| Err(DataError::unexpected(format!("resize to {size}x{size}"), expected, got));
    if size == 0 {
        return refuse("a size of at least 1", size.to_string());
    }
    if width == 0 || height == 0 {
        return refuse("an image with pixels", format!("{width}x{height}"));
    }
    if (width, height) == (size, size) && part == Square::center(image) {
        return Ok(image.clone());
    }
    let options = ResizeOptions::new().crop(part.left, part.top, part.side, part.side);
    resample(image, size, size, options)
}

/// Resizes a whole image, which must have pixels, with the filter of [`center_square`]; each side is at least 1.
#[cfg(feature = "grid")]
pub(crate) fn resize_whole(image: &RgbaImage, width: u32, height: u32) -> Result<RgbaImage, DataError> {
    resample(image, width, height, ResizeOptions::new())
}

fn resample(image: &RgbaImage, width: u32, height: u32, options: ResizeOptions) -> Result<RgbaImage, DataError> {
    let failed = |got: String| DataError::unexpected("resize", "an image to resize", got);
    let from = ImageRef::new(image.width(), image.height(), image.as_raw(), PixelType::U8x4)
        .map_err(|error| failed(error.to_string()))?;
    let mut to = Image::new(width, height, PixelType::U8x4);
    let options = options.resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom)).use_alpha(true);
    Resizer::new().resize(&from, &mut to, &options).map_err(|error| failed(error.to_string()))?;
    RgbaImage::from_raw(width, height, to.into_vec()).ok_or_else(|| failed("a buffer of another size".to_owned()))
}
