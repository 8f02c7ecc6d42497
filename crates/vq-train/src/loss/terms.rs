//! The terms of one step.

use tch::{Device, Kind, Tensor};
use vq_eval::{ScaleFloor, ms_ssim};
use vq_model::{Lpips, Reconstruction};

use super::laplacian::laplacian_l1;
use crate::{GeneratorTerm, LossConfig, TrainError};

/// Where MS-SSIM's scales stop to be taken seriously: at `x^0.0448`, the slope is 33 here and grows without bound below.
const FLOOR: ScaleFloor = ScaleFloor::At(1e-3);

/// The terms that a configuration asks for, with the networks that they need.
#[derive(Debug)]
pub struct Loss {
    config: LossConfig,
    lpips: Option<Lpips>,
}

/// The terms of one step, each a scalar tensor, `Float`.
///
/// Reading a number from a tensor waits for its device; whether and when is the caller's choice.
#[derive(Debug)]
pub struct Losses {
    /// The weighted sum of all that follows, on the autograd graph.
    pub total: Tensor,
    /// The weighted sum of the reconstruction terms, on the autograd graph: `nll` of VQGAN.
    pub reconstruction: Tensor,
    /// The quantizer's loss before its weight, on the autograd graph.
    pub codebook: Tensor,
    /// Mean LPIPS distance before its weight, detached.
    pub perceptual: Option<Tensor>,
    /// `1 - MS-SSIM` before its weight, detached.
    pub ms_ssim: Option<Tensor>,
    /// The Laplacian pyramids' distance before its weight, detached.
    pub laplacian: Option<Tensor>,
    codebook_weight: f64,
}

impl Losses {
    /// The same with the adversary's term in the total.
    ///
    /// Lets go of the graph behind the reconstruction loss, which [`GeneratorTerm::nll`] takes the place of.
    pub fn with_adversary(self, term: &GeneratorTerm) -> Self {
        Self {
            total: &term.nll + &term.loss + &self.codebook * self.codebook_weight,
            reconstruction: term.nll.shallow_clone(),
            ..self
        }
    }
}

impl LossConfig {
    /// Reads the networks of the terms onto a device.
    ///
    /// # Errors
    /// [`TrainError::Option`] naming a key out of range; [`TrainError::Model`] naming the file or tensor of LPIPS that
    /// does not fit.
    pub fn build(&self, device: Device) -> Result<Loss, TrainError> {
        self.check()?;
        let wanted = self.perceptual.as_ref().filter(|perceptual| perceptual.weight > 0.0);
        let lpips = wanted.map(|perceptual| Lpips::open(&perceptual.files, device)).transpose()?;
        Ok(Loss { config: self.clone(), lpips })
    }
}

impl Loss {
    /// The terms of a reconstruction against its images `[B, 3, H, W]`.
    ///
    /// # Errors
    /// Those of a term that cannot take images so small: 16 pixels for LPIPS, 11 for MS-SSIM, 8 for Laplacian pyramids.
    pub fn losses(&self, reconstruction: &Reconstruction, images: &Tensor) -> Result<Losses, TrainError> {
        let ours = reconstruction.images.to_kind(Kind::Float);
        let LossConfig { l1, l2, ms_ssim: similarity, laplacian, codebook: weight, .. } = self.config;
        let mut sum = Tensor::zeros([], (Kind::Float, images.device()));
        let mut add = |weight: f64, term: Tensor| {
            sum = &sum + &term * weight;
            term.detach()
        };
        let error = &ours - images;
        if l1 > 0.0 {
            let _ = add(l1, error.abs().mean(Kind::Float));
        }
        if l2 > 0.0 {
            let _ = add(l2, error.square().mean(Kind::Float));
        }
        let perceptual = match (&self.lpips, &self.config.perceptual) {
            (Some(lpips), Some(config)) => Some(add(config.weight, lpips.distance(&ours, images)?.mean(Kind::Float))),
            _ => None,
        };
        let ms_ssim = match similarity {
            0.0 => None,
            weight => Some(add(weight, 1.0 - ms_ssim(&ours, images, FLOOR)?.mean(Kind::Float))),
        };
        let laplacian = match laplacian {
            0.0 => None,
            weight => Some(add(weight, laplacian_l1(&ours, images)?)),
        };
        let codebook = reconstruction.quantized.loss.shallow_clone();
        Ok(Losses {
            total: &sum + &codebook * weight,
            reconstruction: sum,
            codebook,
            perceptual,
            ms_ssim,
            laplacian,
            codebook_weight: weight,
        })
    }
}
