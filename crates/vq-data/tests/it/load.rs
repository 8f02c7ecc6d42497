use std::io::Cursor;
use std::path::PathBuf;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use vq_data::{load_image, load_square};

use crate::support::check_error;

/// A file of this format of 60x40 pixels.
fn encoded(format: ImageFormat) -> Vec<u8> {
    let image = RgbImage::from_fn(60, 40, |x, y| Rgb([x as u8 * 4, y as u8 * 6, (x ^ y) as u8]));
    let mut file = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(image).write_to(&mut file, format).unwrap();
    file.into_inner()
}

struct File {
    path: PathBuf,
    /// Removes the file at the end.
    _folder: tempfile::TempDir,
}

fn file(bytes: &[u8]) -> File {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("the picture.png");
    std::fs::write(&path, bytes).unwrap();
    File { path, _folder: folder }
}

#[track_caller]
fn check_refused(bytes: &[u8], part: &str) {
    let file = file(bytes);
    check_error(&load_image(&file.path).unwrap_err(), &["the picture.png", part]);
}

const FORMATS: [ImageFormat; 5] =
    [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif, ImageFormat::Bmp];

#[test]
fn the_five_formats_load_whatever_the_name() {
    for format in FORMATS {
        let file = file(&encoded(format));
        assert_eq!(load_image(&file.path).unwrap().dimensions(), (60, 40));
        assert_eq!(load_square(&file.path, 16).unwrap().dimensions(), (16, 16));
    }
}

#[test]
fn a_missing_file_is_named() {
    let error = load_image("no/such/picture.png").unwrap_err();
    check_error(&error, &["no/such/picture.png", "No such file"]);
}

#[test]
fn files_that_are_not_images_are_named() {
    check_refused(b"", "got an empty file");
    check_refused(b"hello", "got a file of another format");
    check_refused(b"II*\0............", "got a image/tiff file");
}

#[test]
fn a_truncated_file_is_refused() {
    for format in FORMATS {
        let whole = encoded(format);
        // A PNG file without only its last chunk still has all pixels.
        let sizes = (1..whole.len() - 16).step_by(whole.len() / 40);
        for size in sizes {
            let file = file(&whole[..size]);
            let result = load_image(&file.path);
            assert!(result.is_err(), "{format:?} cut to {size} of {}", whole.len());
        }
    }
}

#[test]
fn a_damaged_file_never_panics() {
    for format in FORMATS {
        let whole = encoded(format);
        for at in (0..whole.len()).step_by(7) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x5a;
            let file = file(&bytes);
            let _ = load_image(&file.path);
        }
    }
}
