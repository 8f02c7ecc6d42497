//! PNG images.

use std::io::{Cursor, Write};
use std::path::Path;

use image::{ImageFormat, RgbImage};

use crate::{FileError, write_atomically};

/// An image as the bytes of a PNG file.
///
/// # Errors
/// [`FileError::Format`] if the image cannot be encoded, for instance because it is empty.
pub fn png_bytes(image: &RgbImage) -> Result<Vec<u8>, FileError> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png).map_err(|error| FileError::Format {
        what: "image",
        name: "to be written".into(),
        expected: "pixels that can be encoded as PNG".into(),
        got: format!("{} x {}: {error}", image.width(), image.height()),
    })?;
    Ok(bytes.into_inner())
}

/// Writes an image as a PNG file, whole or not at all; makes the folder if it is missing.
///
/// # Errors
/// Those of [`png_bytes`]; [`FileError::Io`] if the file cannot be written.
pub fn write_png(path: &Path, image: &RgbImage) -> Result<(), FileError> {
    let bytes = png_bytes(image)?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(FileError::io("make folder", folder))?;
    }
    write_atomically(path, |file| file.write_all(&bytes))
}
