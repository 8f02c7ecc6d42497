//! Structural and perceptual similarity.

use tch::{Kind, Tensor};
use vq_eval::{ScaleFloor, ms_ssim};
use vq_model::Lpips;

use super::image_loss::ImageLoss;
use crate::ConfigError;

/// The smallest value of a scale of MS-SSIM that gets a full gradient: the slope of `x^0.0448` is 33 here and unbounded
/// below.
const FLOOR: ScaleFloor = ScaleFloor::At(1e-3);

/// `1 - MS-SSIM`, mean over images.
#[derive(Debug)]
pub(super) struct MsSsim;

impl ImageLoss for MsSsim {
    fn name(&self) -> &'static str {
        "ms_ssim"
    }

    fn compute(&self, reconstructions: &Tensor, originals: &Tensor) -> Result<Tensor, ConfigError> {
        Ok(1.0 - ms_ssim(reconstructions, originals, FLOOR)?.mean(Kind::Float))
    }
}

/// LPIPS, mean over images.
#[derive(Debug)]
pub(super) struct Perceptual(pub(super) Lpips);

impl ImageLoss for Perceptual {
    fn name(&self) -> &'static str {
        "perceptual"
    }

    fn smallest(&self) -> i64 {
        Lpips::SMALLEST
    }

    fn compute(&self, reconstructions: &Tensor, originals: &Tensor) -> Result<Tensor, ConfigError> {
        Ok(self.0.distance(reconstructions, originals)?.mean(Kind::Float))
    }
}
