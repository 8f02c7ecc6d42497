//! The terms of the reconstruction loss; `tests/data/make_laplacian.py` makes the file.

use std::collections::HashMap;
use std::path::Path;

use proptest::prelude::*;
use tch::{Device, Kind, Tensor};
use vq_core::Quantized;
use vq_eval::{ScaleFloor, ms_ssim};
use vq_experiment::{LossConfig, Losses, PerceptualConfig, laplacian_l1};
use vq_model::Reconstruction;

fn noise(shape: &[i64], seed: i64) -> Tensor {
    let n = Tensor::arange_start(seed, seed + shape.iter().product::<i64>(), (Kind::Int64, Device::Cpu));
    let mixed = ((&n * &n).remainder(65521) * 31 + n * 17).remainder(65521);
    (mixed.to_kind(Kind::Double) / 65521.0 - 0.5).view(shape).to_kind(Kind::Float)
}

fn reconstruction(images: &Tensor) -> Reconstruction {
    let codes = Tensor::zeros([2, 4, 1, 1], (Kind::Float, Device::Cpu));
    let indices = Tensor::zeros([2, 1, 1], (Kind::Int64, Device::Cpu));
    Reconstruction {
        images: images.shallow_clone(),
        latents: codes.shallow_clone(),
        quantized: Quantized { codes, indices, loss: Tensor::from(3.0_f32), live: None },
    }
}

struct Batch {
    images: Tensor,
    ours: Tensor,
}

fn batch() -> Batch {
    let images = noise(&[2, 3, 32, 24], 5) * 2.0;
    Batch { ours: (&images * 0.8 + noise(&[2, 3, 32, 24], 99) * 0.3).set_requires_grad(true), images }
}

fn losses(config: &str) -> Losses {
    let Batch { images, ours } = batch();
    let config: LossConfig = toml::from_str(config).unwrap();
    config.build(Device::Cpu).unwrap().losses(&reconstruction(&ours), &images).unwrap()
}

/// A reconstruction term before its weight, if the loss has it.
fn term<'a>(losses: &'a Losses, name: &str) -> Option<&'a Tensor> {
    losses.terms.iter().find(|(term, _)| *term == name).map(|(_, value)| value)
}

fn value(tensor: &Tensor) -> f64 {
    tensor.double_value(&[])
}

#[test]
fn default_loss_is_l1_and_the_codebook_loss() {
    let Batch { images, ours } = batch();
    let losses = losses("");
    let l1 = value(&(&ours - &images).abs().mean(Kind::Float));
    assert_eq!(value(&losses.reconstruction), l1);
    assert_eq!(value(&losses.total()) as f32, l1 as f32 + 3.0);
    assert!(losses.terms.is_empty(), "expected no perceptual term, no MS-SSIM, no Laplacian pyramids");
    let written = toml::to_string(&LossConfig::default()).unwrap();
    assert_eq!(toml::from_str::<LossConfig>(&written).unwrap(), LossConfig::default());
}

#[test]
fn terms_are_weighted_and_summed() {
    let Batch { images, ours } = batch();
    let losses = losses("l1 = 0.5\nl2 = 5.0\nms_ssim = 0.25\nlaplacian = 2.0\ncodebook = 0.1");
    let error = &ours - &images;
    let pixels = value(&error.abs().mean(Kind::Float)) * 0.5 + value(&error.square().mean(Kind::Float)) * 5.0;
    let similarity = 1.0 - value(&ms_ssim(&ours, &images, ScaleFloor::Zero).unwrap().mean(Kind::Float));
    let pyramids = value(&laplacian_l1(&ours, &images).unwrap());
    let near = |ours: &Tensor, expected: f64| assert!((value(ours) - expected).abs() < 1e-5, "{ours} {expected}");
    let [logged_similarity, logged_pyramids] = ["ms_ssim", "laplacian"].map(|name| term(&losses, name).unwrap());
    near(logged_similarity, similarity);
    near(logged_pyramids, pyramids);
    near(&losses.reconstruction, pixels + similarity * 0.25 + pyramids * 2.0);
    near(&losses.total(), pixels + similarity * 0.25 + pyramids * 2.0 + 0.3);
    assert!(losses.total().requires_grad() && losses.reconstruction.requires_grad());
    assert!(!logged_similarity.requires_grad() && !logged_pyramids.requires_grad());
}

/// The gradient of each term alone points towards the images.
#[test]
fn step_against_each_gradient_reduces_the_loss() {
    for config in ["l1 = 1.0", "l1 = 0.0\nl2 = 1.0", "l1 = 0.0\nms_ssim = 1.0", "l1 = 0.0\nlaplacian = 1.0"] {
        let Batch { images, ours } = batch();
        let loss = toml::from_str::<LossConfig>(config).unwrap().build(Device::Cpu).unwrap();
        let before = loss.losses(&reconstruction(&ours), &images).unwrap().reconstruction;
        before.backward();
        let moved = ours.detach() - ours.grad() * (0.01 / ours.grad().norm().double_value(&[]));
        let after = loss.losses(&reconstruction(&moved), &images).unwrap().reconstruction;
        assert!(value(&after) < value(&before), "{config}: {after} {before}");
    }
}

#[test]
fn term_refuses_images_that_are_too_small() {
    let images = noise(&[2, 3, 7, 24], 1);
    let refused = |config: &str| {
        let loss = toml::from_str::<LossConfig>(config).unwrap().build(Device::Cpu).unwrap();
        loss.losses(&reconstruction(&images), &images).unwrap_err().to_string()
    };
    assert!(refused("ms_ssim = 1.0").contains("H, W >= 11"));
    let error = refused("laplacian = 1.0");
    assert!(error.contains("H, W >= 8, got [[2, 3, 7, 24], [2, 3, 7, 24]]"), "{error}");
}

#[test]
fn error_names_key_of_value_out_of_range() {
    let refused = |config: LossConfig| config.build(Device::Cpu).unwrap_err().to_string();
    let error = refused(LossConfig { ms_ssim: -1.0, ..Default::default() });
    assert_eq!(error, "config `loss.ms_ssim`: expected a finite number >= 0, got -1");
    let perceptual = |weight, files: &[&str]| {
        let files = files.iter().map(Into::into).collect();
        LossConfig { perceptual: Some(PerceptualConfig { weight, files }), ..Default::default() }
    };
    assert!(refused(perceptual(f64::NAN, &["a"])).contains("`loss.perceptual.weight`"));
    assert!(refused(perceptual(1.0, &[])).contains("`loss.perceptual.files`: expected at least one"));
    let error = refused(perceptual(1.0, &["no/such.safetensors"]));
    assert!(error.starts_with("Lpips: expected a safetensors file at no/such.safetensors, got"), "{error}");
    assert!(perceptual(0.0, &["no/such.safetensors"]).build(Device::Cpu).is_ok(), "a weight of 0 reads no file");
    let read: LossConfig = toml::from_str("perceptual = { files = [\"a\", \"b\"] }").unwrap();
    assert_eq!(read, perceptual(1.0, &["a", "b"]));
    assert_eq!(toml::from_str::<LossConfig>(&toml::to_string(&read).unwrap()).unwrap(), read);
}

#[test]
fn laplacian_distance_equals_pytorch() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/laplacian.safetensors");
    let golden: HashMap<_, _> = Tensor::read_safetensors(path).unwrap().into_iter().collect();
    for height in [8, 33, 64] {
        let at = |name: &str| golden[&format!("{height}.{name}")].to_kind(Kind::Double);
        let images = at("images").set_requires_grad(true);
        let distance = laplacian_l1(&images, &at("references")).unwrap();
        assert!((value(&distance) - value(&at("distance"))).abs() < 1e-12, "{height}: {distance}");
        distance.backward();
        let error = value(&(images.grad() - at("gradient")).abs().max());
        assert!(error < 1e-8, "{height}: the gradient differs by {error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A shift of all pixels changes the lowest level only; the distance is symmetric and positive.
    #[test]
    fn shift_counts_once(height in 8_i64..40, width in 8_i64..40, shift in -2.0..2.0_f64) {
        let images = noise(&[1, 3, height, width], 3).to_kind(Kind::Double);
        let distance = value(&laplacian_l1(&(&images + shift), &images).unwrap());
        prop_assert!((distance - shift.abs()).abs() < 1e-9);
        let other = noise(&[1, 3, height, width], 77).to_kind(Kind::Double);
        let (there, back) = (laplacian_l1(&images, &other).unwrap(), laplacian_l1(&other, &images).unwrap());
        prop_assert!((value(&there) - value(&back)).abs() < 1e-12 && value(&there) > 0.0);
    }
}
