//! Metrics against scikit-image; `tests/data/make_metrics.py` makes the file.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod captions;
mod distances;
mod mass;
mod mean;
mod meteor;
mod ms_ssim;
mod pointing;
mod retrieval;
mod sliced;
mod support;

use std::collections::HashMap;
use std::path::Path;

use tch::Tensor;
use vq_eval::{Psnr, Ssim};

fn golden() -> HashMap<String, Tensor> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/metrics.safetensors");
    Tensor::read_safetensors(path).unwrap().into_iter().collect()
}

fn mean(values: &Tensor) -> f64 {
    let values = Vec::<f64>::try_from(values).unwrap();
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn psnr_equals_scikit_images() {
    let golden = golden();
    let mut psnr = Psnr::default();
    assert_eq!(psnr.compute(), None);
    // Two batches give the same mean as one.
    psnr.update(&golden["images"].narrow(0, 0, 2), &golden["references"].narrow(0, 0, 2)).unwrap();
    psnr.update(&golden["images"].narrow(0, 2, 1), &golden["references"].narrow(0, 2, 1)).unwrap();
    let error = (psnr.compute().unwrap() - mean(&golden["psnr"])).abs();
    assert!(error < 1e-9, "differs by {error}");
}

#[test]
fn ssim_equals_scikit_images() {
    let golden = golden();
    let mut ssim = Ssim::default();
    ssim.update(&golden["images"], &golden["references"]).unwrap();
    let error = (ssim.compute().unwrap() - mean(&golden["ssim"])).abs();
    assert!(error < 1e-9, "differs by {error}");
}

#[test]
fn an_image_equals_itself() {
    let images = &golden()["images"];
    let (mut psnr, mut ssim) = (Psnr::default(), Ssim::default());
    psnr.update(images, images).unwrap();
    ssim.update(images, images).unwrap();
    assert_eq!(psnr.compute(), Some(100.0));
    assert!((ssim.compute().unwrap() - 1.0).abs() < 1e-12);
}

#[test]
fn mismatched_batches_are_rejected() {
    let images = &golden()["images"];
    let error = Psnr::default().update(images, &images.narrow(0, 0, 1)).unwrap_err().to_string();
    assert!(error.contains("[3, 3, 24, 20] and [1, 3, 24, 20]"), "{error}");
    let small = images.narrow(2, 0, 10);
    let error = Ssim::default().update(&small, &small).unwrap_err().to_string();
    assert!(error.contains("H, W >= 11"), "{error}");
}
