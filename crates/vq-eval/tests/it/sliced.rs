//! The sliced Wasserstein distance against NumPy; `tests/data/make_sliced.py` makes the file.

use std::collections::HashMap;
use std::path::Path;

use proptest::prelude::*;
use tch::{Device, Kind, Tensor};
use vq_eval::{Side, SlicedConfig, SlicedScores, SlicedWasserstein};

use crate::support::noise;

/// The script's `images`.
fn images(count: i64, [height, width]: [i64; 2], offset: i64, grain: f64) -> Tensor {
    let coarse = noise(&[count, 3, (height + 7) / 8, (width + 7) / 8], offset) * 2.0;
    let coarse = coarse.repeat_interleave_self_int(8, 2, None).repeat_interleave_self_int(8, 3, None);
    let fine = noise(&[count, 3, height, width], offset + 7) * grain;
    (coarse.narrow(2, 0, height).narrow(3, 0, width) + fine).clamp(-1.0, 1.0)
}

fn small(seed: u64) -> SlicedConfig {
    SlicedConfig { patches: 4, directions: 20, seed }
}

fn between(config: &SlicedConfig, images: &Tensor, references: &Tensor) -> SlicedScores {
    let mut distance = SlicedWasserstein::new(config, 0).unwrap();
    distance.update(Side::Images, images).unwrap();
    distance.update(Side::References, references).unwrap();
    distance.compute().unwrap()
}

#[test]
fn each_level_equals_numpys() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sliced.json");
    let golden: HashMap<String, Vec<f64>> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let case = |seed, patches, directions| SlicedConfig { seed, patches, directions };
    let cases = [([32, 48], 3, case(5, 16, 20)), ([64, 64], 2, SlicedConfig::default()), ([21, 16], 2, case(1, 8, 10))];
    assert_eq!(golden.len(), cases.len());
    for (size, count, config) in cases {
        let scores = between(&config, &images(count, size, 11, 0.8), &images(count, size, 30011, 0.3));
        let theirs = &golden[&format!("{}x{}", size[0], size[1])];
        assert_eq!(scores.levels.len(), theirs.len());
        for (index, (ours, theirs)) in scores.levels.iter().zip(theirs).enumerate() {
            assert_eq!([ours.height, ours.width], size.map(|side| side >> index));
            assert!((ours.distance - theirs).abs() < 1e-6 * theirs, "{ours:?} against {theirs}");
        }
        let mean = theirs.iter().sum::<f64>() / theirs.len() as f64;
        assert!((scores.mean - mean).abs() < 1e-6);
        assert_eq!(scores.images, count);
        let text = serde_json::to_string(&scores).unwrap();
        assert_eq!(serde_json::from_str::<SlicedScores>(&text).unwrap(), scores);
    }
}

#[test]
fn a_difference_at_one_level_shows_at_that_level() {
    // Halving removes stripes of single pixels, so only the finest level has them.
    let plain = images(4, [64, 64], 3, 0.0) * 0.5;
    let stripes = (Tensor::arange(64, (Kind::Double, Device::Cpu)).remainder(2.0) - 0.5) * 0.4;
    let scores = between(&SlicedConfig { patches: 32, directions: 64, seed: 0 }, &(&plain + stripes), &plain);
    let [fine, half, quarter] = [0, 1, 2].map(|level| scores.levels[level].distance);
    assert!(fine > 0.1 && half < 0.05 && quarter < 0.05, "{scores:?}");
}

#[test]
fn invalid_inputs_are_rejected() {
    let mut distance = SlicedWasserstein::new(&small(0), 0).unwrap();
    let fails = |distance: &mut SlicedWasserstein, images: &Tensor| {
        distance.update(Side::Images, images).unwrap_err().to_string()
    };
    let good = images(2, [32, 32], 1, 0.5);
    let message = fails(&mut distance, &good.narrow(2, 0, 15));
    assert_eq!(message, "SlicedWasserstein::update: expected images [B, 3, H, W] with H, W >= 16, got [2, 3, 15, 32]");
    let with_nan = good.copy();
    let _ = with_nan.get(1).fill_(f64::NAN);
    let message = fails(&mut distance, &with_nan);
    assert_eq!(message, "SlicedWasserstein::update: expected finite pixels, got others in image 1 of the batch");
    distance.update(Side::Images, &good).unwrap();
    let message = fails(&mut distance, &images(1, [32, 16], 1, 0.5));
    assert!(message.ends_with("images [B, 3, 32, 32], as before, got [1, 3, 32, 16]"), "{message}");
    let message = distance.compute().unwrap_err().to_string();
    assert!(message.ends_with("as many images as references, one or more, got 2 and 0"), "{message}");
    let mut other = SlicedWasserstein::new(&small(0), 2).unwrap();
    other.update(Side::References, &images(2, [32, 16], 1, 0.5)).unwrap();
    let message = distance.merge(&other).unwrap_err().to_string();
    let expected = "SlicedWasserstein::merge: expected images [B, 3, 32, 32], as before, got [B, 3, 32, 16]";
    assert_eq!(message, expected);
    let message = distance.merge(&SlicedWasserstein::new(&small(1), 2).unwrap()).unwrap_err().to_string();
    assert!(message.starts_with("SlicedWasserstein::merge: config: expected SlicedConfig { patches: 4"), "{message}");
    distance.update(Side::References, &good.full_like(0.3)).unwrap();
    let message = distance.compute().unwrap_err().to_string();
    assert!(message.ends_with("colours vary, got one value in all patches of the level of 32x32"), "{message}");
    for (config, key) in [
        (SlicedConfig { patches: 0, ..small(0) }, "patches"),
        (SlicedConfig { directions: 0, ..small(0) }, "directions"),
    ] {
        let message = SlicedWasserstein::new(&config, 0).unwrap_err().to_string();
        assert_eq!(message, format!("check SlicedConfig: {key}: expected 1 or more, got 0"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn parts_equal_the_whole_and_a_set_itself(
        count in 2..7_i64, cut in 0..7_i64, offset in 0..30_000_i64, seed in 0..9_u64,
    ) {
        let cut = cut.min(count);
        let (ours, theirs) = (images(count, [32, 32], offset, 0.9), images(count, [32, 32], offset + 30_000, 0.2));
        let whole = between(&small(seed), &ours, &theirs);
        let mut parts = [(0, cut), (cut, count - cut)].map(|(first, length)| {
            let mut part = SlicedWasserstein::new(&small(seed), first as u64).unwrap();
            // Image by image, since the batches do not matter either.
            for index in first..first + length {
                part.update(Side::Images, &ours.narrow(0, index, 1)).unwrap();
                part.update(Side::References, &theirs.narrow(0, index, 1)).unwrap();
            }
            part
        });
        let [first, second] = &mut parts;
        first.merge(second).unwrap();
        let joined = first.compute().unwrap();
        prop_assert!((joined.mean - whole.mean).abs() < 1e-6 * whole.mean, "{joined:?} {whole:?}");
        prop_assert!(whole.mean > 0.0);
        prop_assert_eq!(between(&small(seed), &ours, &ours).mean, 0.0);
        prop_assert_ne!(between(&small(seed + 1), &ours, &theirs).mean, whole.mean);
    }
}
