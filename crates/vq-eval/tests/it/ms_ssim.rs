//! MS-SSIM against torchmetrics; `tests/data/make_ms_ssim.py` makes the file.

use std::collections::HashMap;
use std::path::Path;

use tch::{Kind, Tensor};
use vq_eval::{MsSsim, ScaleFloor, ms_ssim};

use crate::support::noise;

fn golden() -> HashMap<String, Tensor> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/ms_ssim.safetensors");
    Tensor::read_safetensors(path).unwrap().into_iter().collect()
}

struct Pair {
    images: Tensor,
    references: Tensor,
}

/// The script's `pair`.
fn pair(height: i64, width: i64) -> Pair {
    let coarse = noise(&[2, 3, (height + 7) / 8, (width + 7) / 8], 1) * 2.4;
    let fine = coarse.repeat_interleave_self_int(8, 2, None).repeat_interleave_self_int(8, 3, None);
    let references = fine.narrow(2, 0, height).narrow(3, 0, width).contiguous();
    Pair { images: &references + noise(&references.size(), 7) * 0.6, references }
}

fn worst(ours: &Tensor, theirs: &Tensor) -> f64 {
    (ours - theirs).abs().max().double_value(&[])
}

#[test]
fn each_number_of_scales_equals_torchmetrics() {
    let golden = golden();
    for (height, width) in [(176, 190), (105, 120), (44, 50), (25, 22), (11, 13)] {
        let Pair { images, references } = pair(height, width);
        let theirs = &golden[&format!("{height}x{width}")];
        let clamped = |batch: &Tensor| batch.clamp(-1.0, 1.0);
        let ours = ms_ssim(&clamped(&images), &clamped(&references), ScaleFloor::Zero).unwrap();
        assert!(worst(&ours, theirs) < 1e-6, "{height}x{width}: {ours:?} {theirs:?}");

        // Two batches in single precision give the same mean.
        let mut metric = MsSsim::default();
        assert_eq!(metric.compute(), None);
        for index in 0..2 {
            let one = |batch: &Tensor| batch.narrow(0, index, 1).to_kind(Kind::Float);
            metric.update(&one(&images), &one(&references)).unwrap();
        }
        let difference = metric.compute().unwrap() - theirs.mean(Kind::Double).double_value(&[]);
        assert!(difference.abs() < 1e-5, "{height}x{width}: {difference}");
    }
}

#[test]
fn opposite_images_score_zero_with_a_finite_gradient() {
    let references = pair(44, 50).references.clamp(-1.0, 1.0);
    let images = (-&references).set_requires_grad(true);
    let ours = ms_ssim(&images, &references, ScaleFloor::Zero).unwrap();
    assert_eq!(worst(&ours, &golden()["opposed"]), 0.0);
    ours.sum(Kind::Double).backward();
    assert_eq!(images.grad().abs().max().double_value(&[]), 0.0);
}

#[test]
fn a_floor_keeps_value_and_gradient_above_zero() {
    let references = pair(44, 50).references.clamp(-1.0, 1.0);
    let images = (-&references).set_requires_grad(true);
    let floored = ms_ssim(&images, &references, ScaleFloor::At(1e-3)).unwrap();
    assert!(floored.min().double_value(&[]) >= 1e-3_f64.powf(1.0001), "{floored:?}");
    floored.sum(Kind::Double).backward();
    let slope = images.grad().abs().max().double_value(&[]);
    assert!(slope > 0.0 && slope.is_finite(), "{slope}");
    let Pair { images, references } = pair(44, 50);
    let at = |floor| ms_ssim(&images, &references, floor).unwrap();
    assert_eq!(worst(&at(ScaleFloor::At(1e-3)), &at(ScaleFloor::Zero)), 0.0, "a floor below the means changes nothing");
}

#[test]
fn the_gradient_equals_torchmetrics() {
    let Pair { images, references } = pair(25, 22);
    for (kind, tolerance) in [(Kind::Double, 1e-7), (Kind::Float, 1e-5)] {
        let images = (&images * 0.4).to_kind(kind).set_requires_grad(true);
        let references = (&references * 0.4).to_kind(kind);
        ms_ssim(&images, &references, ScaleFloor::At(1e-3)).unwrap().mean(kind).backward();
        let theirs = &golden()["gradient"];
        let error = worst(&images.grad(), theirs) / theirs.abs().max().double_value(&[]);
        assert!(error < tolerance, "{kind:?} differs by {error}");
    }
}

#[test]
fn an_image_equals_itself_and_small_or_mismatched_ones_are_rejected() {
    let images = pair(44, 50).images;
    let mut metric = MsSsim::default();
    metric.update(&images, &images).unwrap();
    assert!((metric.compute().unwrap() - 1.0).abs() < 1e-12);
    let small = images.narrow(2, 0, 10);
    let error = metric.update(&small, &small).unwrap_err().to_string();
    assert!(error.contains("H, W >= 11, got [2, 3, 10, 50]"), "{error}");
    let error = ms_ssim(&images, &small, ScaleFloor::Zero).unwrap_err().to_string();
    assert!(error.contains("[2, 3, 44, 50] and [2, 3, 10, 50]"), "{error}");
}
