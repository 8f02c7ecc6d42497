use image::{Rgb, RgbImage};
use vq_file::{FileError, png_bytes, write_png};

#[test]
fn an_image_reads_back_as_it_was_written() {
    let image = RgbImage::from_fn(7, 5, |x, y| Rgb([x as u8 * 30, y as u8 * 50, 9]));
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let path = folder.path().join("new/folder/image.png");
    write_png(&path, &image).expect("a PNG");
    assert_eq!(image::open(&path).expect("the PNG").to_rgb8(), image);
}

#[test]
fn an_empty_image_is_an_error() {
    let error = png_bytes(&RgbImage::new(0, 3)).expect_err("nothing to encode");
    assert!(matches!(error, FileError::Format { .. }) && error.to_string().contains("0 x 3"), "{error}");
}
