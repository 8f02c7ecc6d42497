//! Image files, decoded.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbaImage};

use crate::DataError;
use crate::resize::center_square;

/// The largest accepted width and height of an image, in pixels.
pub const MAX_SIDE: u32 = 32_768;

/// The largest accepted size of an image in bytes, both as a file and decoded.
pub const MAX_DECODED_BYTES: u64 = 512 << 20;

/// The formats that are decoded; the first bytes of a file decide which it has.
const FORMATS: [ImageFormat; 5] =
    [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif, ImageFormat::Bmp];

/// Loads a jpeg, png, webp, gif or bmp file as `[H, W, 4]` with straight alpha, upright (the EXIF
/// orientation is applied).
///
/// The first frame of an animation is taken. Grey, palettes, CMYK and 16 bits are converted to RGB of 8 bits. Colour
/// profiles are not applied. The format is detected by the first bytes of the file, not by its name.
///
/// # Errors
///
/// All name the file: it cannot be read, is empty, has another format, is truncated or damaged, or is larger than
/// [`MAX_SIDE`] or [`MAX_DECODED_BYTES`].
pub fn load_image(path: impl AsRef<Path>) -> Result<RgbaImage, DataError> {
    let path = path.as_ref();
    decode(&read_file(path)?, &path.display().to_string())
}

/// Loads a file as [`load_image`] does, but keeps its pixel format; for images whose levels are labels.
pub(crate) fn load_unconverted(path: &Path) -> Result<DynamicImage, DataError> {
    decode_any(&read_file(path)?, &path.display().to_string())
}

/// The bytes of a file that is not too large to be an image.
fn read_file(path: &Path) -> Result<Vec<u8>, DataError> {
    let failed = |source| DataError::Io { op: "read image", path: path.to_owned(), source };
    let mut file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    if length > MAX_DECODED_BYTES {
        let expected = format!("a file of at most {MAX_DECODED_BYTES} bytes");
        return Err(DataError::unexpected(format!("decode {}", path.display()), expected, format!("{length} bytes")));
    }
    let mut bytes = Vec::with_capacity(length as usize);
    file.read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Loads a file as [`load_image`] does, then crops and resizes it as [`center_square`] does.
///
/// # Errors
///
/// Those of [`load_image`] and [`center_square`].
pub fn load_square(path: impl AsRef<Path>, size: u32) -> Result<RgbaImage, DataError> {
    center_square(&load_image(path)?, size)
}

/// Decodes an image file held in memory; `what` names it in errors.
pub(crate) fn decode(bytes: &[u8], what: &str) -> Result<RgbaImage, DataError> {
    Ok(decode_any(bytes, what)?.into_rgba8())
}

/// Decodes as [`decode`] does, but keeps the file's pixel format.
pub(crate) fn decode_any(bytes: &[u8], what: &str) -> Result<DynamicImage, DataError> {
    let refuse = |expected: &str, got: String| DataError::unexpected(format!("decode {what}"), expected, got);
    let failed = |source: ImageError| DataError::Decode { what: what.to_owned(), source };
    let kinds = "a jpeg, png, webp, gif or bmp image";
    if bytes.is_empty() {
        return Err(refuse(kinds, "an empty file".to_owned()));
    }
    let Ok(format) = image::guess_format(bytes) else {
        return Err(refuse(kinds, "a file of another format".to_owned()));
    };
    if !FORMATS.contains(&format) {
        return Err(refuse(kinds, format!("a {} file", format.to_mime_type())));
    }
    if format == ImageFormat::Jpeg && !jpeg_is_whole(bytes) {
        return Err(refuse("a whole jpeg image", "a truncated one".to_owned()));
    }

    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(failed)?;
    let (width, height) = decoder.dimensions();
    let needed = decoder.total_bytes().max(u64::from(width) * u64::from(height) * 4);
    if width > MAX_SIDE || height > MAX_SIDE || needed > MAX_DECODED_BYTES {
        return Err(refuse(
            &format!("at most {MAX_SIDE} pixels a side and {MAX_DECODED_BYTES} bytes decoded"),
            format!("{width}x{height} pixels, {needed} bytes"),
        ));
    }
    let orientation = decoder.orientation().map_err(failed)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(failed)?;
    image.apply_orientation(orientation);
    Ok(image)
}

/// Whether the end-of-image marker follows the last start of scan.
///
/// The decoder fills the missing part of a truncated jpeg with grey and returns no error.
/// Neither marker can occur inside compressed data, where 0xFF is always followed by 0x00.
fn jpeg_is_whole(bytes: &[u8]) -> bool {
    let last = |marker: [u8; 2]| bytes.windows(2).rposition(|pair| pair == marker);
    last([0xff, 0xd9]) > last([0xff, 0xda])
}
