//! Errors of single pixels.

use tch::{Kind, Tensor};

use super::image_loss::ImageLoss;
use crate::ConfigError;

/// The mean absolute error.
#[derive(Debug)]
pub(super) struct L1;

impl ImageLoss for L1 {
    fn name(&self) -> &'static str {
        "l1"
    }

    fn is_logged(&self) -> bool {
        false
    }

    fn compute(&self, reconstructions: &Tensor, originals: &Tensor) -> Result<Tensor, ConfigError> {
        Ok((reconstructions - originals).abs().mean(Kind::Float))
    }
}

/// The mean squared error.
#[derive(Debug)]
pub(super) struct L2;

impl ImageLoss for L2 {
    fn name(&self) -> &'static str {
        "l2"
    }

    fn is_logged(&self) -> bool {
        false
    }

    fn compute(&self, reconstructions: &Tensor, originals: &Tensor) -> Result<Tensor, ConfigError> {
        Ok((reconstructions - originals).square().mean(Kind::Float))
    }
}
