use image::{Rgb, RgbImage};
use proptest::prelude::*;
use vq_data::{chw_from_rgb, rgb_from_chw};

use crate::support::check_error;

proptest! {
    #[test]
    fn levels_survive_the_round_trip(width in 1_u32..9, height in 1_u32..9, salt: u8) {
        let image = RgbImage::from_fn(width, height, |x, y| {
            Rgb([salt, (x * 31) as u8 ^ salt, (y * 17 + x) as u8])
        });
        let chw = chw_from_rgb(&image);
        prop_assert!(chw.iter().all(|v| (-1.0..=1.0).contains(v)));
        prop_assert_eq!(rgb_from_chw(&chw, width, height).unwrap(), image);
    }

    #[test]
    fn numbers_return_within_half_a_level(chw in prop::collection::vec(-1.0_f32..=1.0, 3 * 4 * 2)) {
        let back = chw_from_rgb(&rgb_from_chw(&chw, 4, 2).unwrap());
        for (before, after) in chw.iter().zip(&back) {
            prop_assert!((before - after).abs() <= 0.5 / 127.5 + 1e-6);
        }
    }
}

#[test]
fn numbers_out_of_range_are_clamped() {
    let chw = [-7.0, f32::NAN, 1.0, f32::INFINITY, 0.0, f32::NEG_INFINITY];
    let image = rgb_from_chw(&chw, 2, 1).unwrap();
    assert_eq!(image.as_raw(), &[0, 255, 128, 0, 255, 0]);
}

#[test]
fn planes_are_red_green_blue() {
    let image = RgbImage::from_raw(2, 1, vec![255, 0, 0, 0, 0, 255]).unwrap();
    assert_eq!(chw_from_rgb(&image), [1.0, -1.0, -1.0, -1.0, -1.0, 1.0]);
}

#[test]
fn a_wrong_count_is_refused() {
    let error = rgb_from_chw(&[0.0; 5], 2, 1).unwrap_err();
    check_error(&error, &["expected 3 x 1 x 2 values, got 5"]);
}
