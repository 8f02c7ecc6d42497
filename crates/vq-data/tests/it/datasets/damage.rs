use std::ffi::OsStr;

use image::{ImageFormat, Rgb, RgbImage};
use vq_data::{CaptionFile, CaptionedConfig, Damaged, DatasetLayout, ImageSource, load_image};

use super::{Tree, listing, picture};
use crate::support::check_error;

/// The policy of folders applies to every source of files.
#[test]
fn damaged_captioned_images_are_skipped() {
    let tree = Tree::new();
    let files = [picture(0), Vec::new(), picture(2)[..40].to_vec(), picture(3), b"no image".to_vec()];
    for (index, bytes) in files.iter().enumerate() {
        tree.put(&format!("{index}.png"), bytes).put(&format!("{index}.txt"), format!("number {index}"));
    }
    let config =
        CaptionedConfig { root: tree.root().to_owned(), captions: CaptionFile::Sidecar, damaged: Damaged::Skip };
    let skipping = config.open().unwrap();
    let (zero, three) = ("0.png | number 0 |  | 0", "3.png | number 3 |  | 3");
    // A caption is skipped with its image.
    assert_eq!(listing(&skipping), [zero, three, three, three, zero]);
    let damaged = skipping.damaged();
    let names: Vec<&OsStr> = damaged.iter().map(|file| file.path.file_name().unwrap()).collect();
    assert_eq!(names, ["1.png", "2.png", "4.png"]);

    let failing = CaptionedConfig { damaged: Damaged::Fail, ..config.clone() }.open().unwrap();
    check_error(&failing.get(1).unwrap_err(), &["1.png", "an empty file"]);
    tree.remove("3.png");
    // A file that cannot be read is not replaced.
    check_error(&skipping.get(3).unwrap_err(), &["read image", "3.png"]);
}

/// A chunk of a WebP file.
fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut bytes = [kind, &(data.len() as u32).to_le_bytes()[..], data].concat();
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    bytes
}

/// An animation of two frames of 16x16: the first of this colour, the second blue.
#[test]
fn the_first_frame_of_a_webp_animation_is_taken() {
    let still = |colour| {
        let mut file = std::io::Cursor::new(Vec::new());
        RgbImage::from_pixel(16, 16, Rgb(colour)).write_to(&mut file, ImageFormat::WebP).unwrap();
        let bytes = file.into_inner();
        let at = bytes.windows(4).position(|word| word == b"VP8L").unwrap();
        let length = u32::from_le_bytes(bytes[at + 4..at + 8].try_into().unwrap()) as usize;
        chunk(b"VP8L", &bytes[at + 8..at + 8 + length])
    };
    // Position 0, 0; width and height minus one; 100 ms; no blending.
    let frame =
        |colour| chunk(b"ANMF", &[&[0, 0, 0, 0, 0, 0, 15, 0, 0, 15, 0, 0, 100, 0, 0, 2][..], &still(colour)].concat());
    let body = [
        b"WEBP".to_vec(),
        chunk(b"VP8X", &[2, 0, 0, 0, 15, 0, 0, 15, 0, 0]),
        chunk(b"ANIM", &[0; 6]),
        frame([200, 40, 90]),
        frame([0, 0, 255]),
    ]
    .concat();
    let tree = Tree::new();
    tree.put("moving.webp", chunk(b"RIFF", &body));
    let image = load_image(tree.root().join("moving.webp")).unwrap();
    assert_eq!(image.dimensions(), (16, 16));
    assert!(image.pixels().all(|pixel| pixel.0 == [200, 40, 90, 255]), "{:?}", image.get_pixel(0, 0));
}
