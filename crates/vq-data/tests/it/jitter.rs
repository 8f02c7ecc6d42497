use image::{Rgba, RgbaImage};
use proptest::prelude::*;
use vq_data::{Jitter, Transform};

use crate::support::check_error;

/// Two colours side by side.
fn image() -> RgbaImage {
    RgbaImage::from_fn(2, 2, |x, _| if x == 0 { Rgba([51, 102, 153, 255]) } else { Rgba([204, 204, 0, 255]) })
}

fn jittered(jitter: Jitter, seed: u64) -> Vec<f64> {
    let chw = Transform { jitter, ..Transform::fixed(2, [0; 3]) }.apply(&image(), seed).unwrap();
    chw.into_iter().map(|value| (f64::from(value) + 1.0) / 2.0).collect()
}

/// The levels of the two colours, in `0.0..=1.0`: red, green, blue.
fn colours(jitter: Jitter, seed: u64) -> [[f64; 3]; 2] {
    let planes = jittered(jitter, seed);
    [0, 1].map(|x| [0, 1, 2].map(|channel| planes[4 * channel + x]))
}

const LEFT: [f64; 3] = [0.2, 0.4, 0.6];
const RIGHT: [f64; 3] = [0.8, 0.8, 0.0];

fn grey([red, green, blue]: [f64; 3]) -> f64 {
    0.2989 * red + 0.587 * green + 0.114 * blue
}

/// The common factor of the distance of all levels from `base`, without clamped levels.
#[track_caller]
fn factor(found: [[f64; 3]; 2], base: impl Fn([f64; 3]) -> f64) -> f64 {
    let mut factors = Vec::new();
    for (found, before) in found.into_iter().zip([LEFT, RIGHT]) {
        for (found, level) in found.into_iter().zip(before) {
            if found > 1e-6 && found < 1.0 - 1e-6 {
                factors.push((found - base(before)) / (level - base(before)));
            }
        }
    }
    assert!(factors.len() >= 3, "{found:?}");
    assert!(factors.iter().all(|factor| (factor - factors[0]).abs() < 1e-4), "{factors:?}");
    factors[0]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// The formulas of torchvision's `adjust_brightness`, `adjust_contrast`, `adjust_saturation`, each alone.
    #[test]
    fn each_part_follows_its_formula(amount in 0.05_f64..0.5, seed: u64) {
        let within = |factor: f64| (1.0 - amount - 1e-4..=1.0 + amount + 1e-4).contains(&factor);
        let brightness = Jitter { brightness: amount, ..Jitter::default() };
        prop_assert!(within(factor(colours(brightness, seed), |_| 0.0)));
        let contrast = Jitter { contrast: amount, ..Jitter::default() };
        let mean = (grey(LEFT) + grey(RIGHT)) / 2.0;
        prop_assert!(within(factor(colours(contrast, seed), |_| mean)));
        let saturation = Jitter { saturation: amount, ..Jitter::default() };
        prop_assert!(within(factor(colours(saturation, seed), grey)));
    }

    #[test]
    fn values_stay_in_range_and_depend_on_the_seed_alone(amount in 0.0_f64..3.0, seed: u64) {
        let jitter = Jitter { brightness: amount, contrast: amount, saturation: amount };
        let values = jittered(jitter, seed);
        prop_assert!(values.iter().all(|value| (0.0..=1.0).contains(value)));
        prop_assert_eq!(values, jittered(jitter, seed));
    }

    #[test]
    fn none_changes_nothing_and_moves_no_other_chance(seed: u64) {
        prop_assert_eq!(jittered(Jitter::default(), seed), jittered(Jitter::default(), 0));
        let contrast = Jitter { contrast: 0.3, ..Jitter::default() };
        let both = Jitter { saturation: 1e-9, ..contrast };
        let near = jittered(contrast, seed).into_iter().zip(jittered(both, seed)).all(|(a, b)| (a - b).abs() < 1e-5);
        prop_assert!(near);
    }
}

#[test]
fn seeds_differ() {
    let jitter = Jitter { brightness: 0.3, ..Jitter::default() };
    let factors: Vec<f64> = (0..200).map(|seed| factor(colours(jitter, seed), |_| 0.0)).collect();
    let mean = factors.iter().sum::<f64>() / 200.0;
    assert!((mean - 1.0).abs() < 0.05, "{mean}");
    assert!(factors.iter().any(|factor| *factor < 0.8) && factors.iter().any(|factor| *factor > 1.2));
}

#[test]
fn invalid_amounts_are_refused() {
    for (amount, got) in [(-0.1, "got -0.1"), (f64::NAN, "got NaN"), (f64::INFINITY, "got inf")] {
        let transform =
            Transform { jitter: Jitter { contrast: amount, ..Jitter::default() }, ..Transform::fixed(2, [0; 3]) };
        check_error(&transform.apply(&image(), 0).unwrap_err(), &["a jitter.contrast of at least 0", got]);
    }
}

/// A transform without jitter is read and written as before the key existed.
#[test]
fn the_default_is_not_written() {
    let json = serde_json::to_string(&Transform::fixed(8, [1, 2, 3])).unwrap();
    assert_eq!(json, r#"{"size":8,"background":{"color":[1,2,3]},"flip":"never","crop":"center"}"#);
    let json = r#"{"size": 8, "background": "random", "sides": "swap", "jitter": {"contrast": 0.2}}"#;
    let transform: Transform = serde_json::from_str(json).unwrap();
    assert_eq!(transform.jitter, Jitter { contrast: 0.2, ..Jitter::default() });
    assert_eq!(serde_json::from_str::<Transform>(&serde_json::to_string(&transform).unwrap()).unwrap(), transform);
}
