use image::{Rgba, RgbaImage};
use proptest::prelude::*;
use vq_data::{Background, Crop, Flip, ImageSource, InMemory, Transform, center_square, rgb_from_chw};

use crate::support::{Numbered, check_error};

/// An image without symmetry.
fn picture(width: u32, height: u32) -> RgbaImage {
    RgbaImage::from_fn(width, height, |x, y| Rgba([(x * 7) as u8, (y * 5) as u8, (x * y) as u8, (x * 3 + y) as u8]))
}

fn random(size: u32) -> Transform {
    Transform {
        background: Background::Random,
        flip: Flip::Random,
        crop: Crop::Random(0.7),
        ..Transform::fixed(size, [0; 3])
    }
}

proptest! {
    #[test]
    fn values_are_in_range_and_depend_on_the_seed_alone(
        width in 1_u32..40, height in 1_u32..40, size in 1_u32..24, seed: u64,
    ) {
        let image = picture(width, height);
        let chw = random(size).apply(&image, seed).unwrap();
        prop_assert_eq!(chw.len(), 3 * (size * size) as usize);
        prop_assert!(chw.iter().all(|v| (-1.0..=1.0).contains(v)));
        prop_assert_eq!(chw, random(size).apply(&image, seed).unwrap());
    }

    #[test]
    fn a_fixed_transform_ignores_the_seed(seed: u64) {
        let image = picture(20, 30);
        let fixed = Transform::fixed(16, [9, 8, 7]);
        prop_assert_eq!(fixed.apply(&image, seed).unwrap(), fixed.apply(&image, 0).unwrap());
    }
}

#[test]
fn opaque_pixels_keep_their_levels() {
    let image = RgbaImage::from_fn(4, 4, |x, y| Rgba([x as u8, y as u8, 200, 255]));
    let chw = Transform::fixed(4, [1, 2, 3]).apply(&image, 0).unwrap();
    let back = rgb_from_chw(&chw, 4, 4).unwrap();
    for (x, y, pixel) in back.enumerate_pixels() {
        assert_eq!(pixel.0, [x as u8, y as u8, 200]);
    }
}

#[test]
fn transparent_pixels_show_only_the_background() {
    // Red on the left, invisible green on the right.
    let image = RgbaImage::from_fn(64, 64, |x, _| match x {
        0..32 => Rgba([255, 0, 0, 255]),
        _ => Rgba([0, 255, 0, 0]),
    });
    let small = center_square(&image, 16).unwrap();
    assert!(small.pixels().all(|pixel| pixel.0[1] == 0), "green has bled");
    let chw = Transform::fixed(16, [0, 0, 255]).apply(&image, 0).unwrap();
    let back = rgb_from_chw(&chw, 16, 16).unwrap();
    assert_eq!(back.get_pixel(0, 8).0, [255, 0, 0]);
    assert_eq!(back.get_pixel(15, 8).0, [0, 0, 255]);
}

#[test]
fn shrinking_averages() {
    // A checkerboard of single pixels must become grey, not an alias of itself.
    let image = RgbaImage::from_fn(64, 64, |x, y| match (x + y) % 2 {
        0 => Rgba([0, 0, 0, 255]),
        _ => Rgba([255, 255, 255, 255]),
    });
    let small = center_square(&image, 8).unwrap();
    for pixel in small.pixels() {
        assert!((120..=135).contains(&pixel.0[0]), "{pixel:?}");
    }
}

#[test]
fn the_default_crop_is_centred() {
    let image = RgbaImage::from_fn(9, 4, |x, _| Rgba([x as u8, 0, 0, 255]));
    let square = center_square(&image, 4).unwrap();
    let row: Vec<u8> = (0..4).map(|x| square.get_pixel(x, 0).0[0]).collect();
    assert_eq!(row, [2, 3, 4, 5]);
}

#[test]
fn a_flip_mirrors_about_half_of_the_images() {
    let image = RgbaImage::from_fn(2, 2, |x, _| Rgba([x as u8 * 255, 0, 0, 255]));
    let transform = Transform { flip: Flip::Random, ..Transform::fixed(2, [0; 3]) };
    let mirrored = (0..1000).filter(|&seed| transform.apply(&image, seed).unwrap()[0] == 1.0).count();
    assert!((400..600).contains(&mirrored), "{mirrored}");
}

#[test]
fn images_in_memory_have_the_same_values() {
    let source = Numbered::new(5);
    let memory = InMemory::load(&source, 6).unwrap();
    assert_eq!(memory.len(), 5);
    let transform = Transform { crop: Crop::Center, ..random(6) };
    for index in 0..5 {
        let direct = source.get(index).unwrap();
        let kept = memory.get(index).unwrap();
        assert_eq!(kept.id, direct.id);
        assert_eq!(kept.image.dimensions(), (6, 6));
        assert_eq!(transform.apply(&kept.image, 3).unwrap(), transform.apply(&direct.image, 3).unwrap());
    }
    assert!(memory.get(5).is_err());
}

#[test]
fn memory_names_the_sample_that_fails() {
    let source = Numbered { len: 3, broken: Some(1) };
    check_error(&InMemory::load(&source, 4).unwrap_err(), &["number 1", "expected an image with pixels, got 0x0"]);
}

#[test]
fn the_configuration_is_read_as_documented() {
    let json = r#"{"size": 64, "background": "random", "crop": {"random": 0.9}}"#;
    let transform: Transform = serde_json::from_str(json).unwrap();
    assert_eq!(transform.flip, Flip::Never);
    assert_eq!(transform.crop, Crop::Random(0.9));
    let json = r#"{"size": 8, "background": {"color": [1, 2, 3]}}"#;
    let transform: Transform = serde_json::from_str(json).unwrap();
    assert_eq!(transform, Transform::fixed(8, [1, 2, 3]));
    let json = r#"{"size": 8, "background": "random", "colour": 1}"#;
    let error = serde_json::from_str::<Transform>(json).unwrap_err();
    assert!(error.to_string().contains("colour"));
}

#[test]
fn invalid_configurations_are_refused() {
    let image = picture(4, 4);
    for (transform, part) in [
        (Transform::fixed(0, [0; 3]), "a size of at least 1, got 0"),
        (Transform { crop: Crop::Random(0.0), ..random(4) }, "shorter side, got 0"),
        (Transform { crop: Crop::Random(f64::NAN), ..random(4) }, "shorter side, got NaN"),
    ] {
        check_error(&transform.apply(&image, 0).unwrap_err(), &[part]);
    }
    let error = random(4).apply_into(&image, 0, &mut [0.0; 7]).unwrap_err();
    check_error(&error, &["a buffer of 48 values, got 7"]);
}
