//! What is minimized.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};
use vq_model::Reconstruction;

/// Weights of the terms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LossConfig {
    /// Weight of the mean absolute error.
    pub l1: f64,
    /// Weight of the mean squared error.
    pub l2: f64,
    /// Weight of the quantizer's loss.
    pub codebook: f64,
}

/// VQGAN's reconstruction term without its perceptual part.
impl Default for LossConfig {
    fn default() -> Self {
        Self { l1: 1.0, l2: 0.0, codebook: 1.0 }
    }
}

/// The terms of one step, each a scalar tensor.
#[derive(Debug)]
pub struct Losses {
    /// The weighted sum, on the autograd graph.
    pub total: Tensor,
    /// The weighted reconstruction terms, detached.
    pub reconstruction: Tensor,
    /// The quantizer's loss before its weight, detached.
    pub codebook: Tensor,
}

impl LossConfig {
    /// The terms of a reconstruction against its images `[B, 3, H, W]`.
    pub fn losses(&self, reconstruction: &Reconstruction, images: &Tensor) -> Losses {
        let error = &reconstruction.images - images;
        let pixels = error.abs().mean(Kind::Float) * self.l1 + error.square().mean(Kind::Float) * self.l2;
        let codebook = &reconstruction.quantized.loss;
        Losses {
            total: &pixels + codebook * self.codebook,
            reconstruction: pixels.detach(),
            codebook: codebook.detach(),
        }
    }
}
