//! Image losses: their weights, and their values at a step.

mod image_loss;
mod laplacian;
mod pixel;
mod similarity;

use std::fmt::Debug;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};
use vq_model::{Lpips, Reconstruction};

use crate::ConfigError;
use crate::error::check_value;

pub use image_loss::ImageLoss;
pub use laplacian::laplacian_l1;

/// Weights of the loss terms; a term of weight 0 is not computed.
///
/// To add a term: implement [`ImageLoss`] in a file of this folder, add its key here and a line to
/// [`LossConfig::build`], and its title to [`vq_run::FIGURES`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LossConfig {
    /// Weight of the mean absolute error.
    pub l1: f64,
    /// Weight of the mean squared error.
    pub l2: f64,
    /// Weight of `1 - MS-SSIM` ([`vq_eval::ms_ssim`], whose number of scales depends on the image size); needs no
    /// weights.
    pub ms_ssim: f64,
    /// Weight of the L1 distance of Laplacian pyramids ([`laplacian_l1`]); needs no weights.
    pub laplacian: f64,
    /// Weight of the quantizer's loss.
    pub codebook: f64,
    /// LPIPS, which needs weights from the user's files; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub perceptual: Option<PerceptualConfig>,
}

/// LPIPS on VGG-16 ([`vq_model::Lpips`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerceptualConfig {
    /// Weight of the mean distance over images; VQGAN's is 1.
    #[serde(default = "one")]
    pub weight: f64,
    /// The safetensors files that together hold the network's weights; [`vq_model::Lpips`] names the tensors.
    pub files: Vec<PathBuf>,
}

fn one() -> f64 {
    1.0
}

/// VQGAN's reconstruction loss without its perceptual part.
impl Default for LossConfig {
    fn default() -> Self {
        Self { l1: 1.0, l2: 0.0, ms_ssim: 0.0, laplacian: 0.0, codebook: 1.0, perceptual: None }
    }
}

/// The terms of a configuration, with the networks that they need.
#[derive(Debug)]
pub struct Loss {
    terms: Vec<(f64, Box<dyn ImageLoss>)>,
    codebook: f64,
}

/// The loss of one step; scalars, `Float`.
///
/// Reading a number from a tensor waits for its device.
#[derive(Debug)]
pub struct Losses {
    /// The weighted sum of the reconstruction terms, on the autograd graph: `nll` in VQGAN's code.
    pub reconstruction: Tensor,
    /// The quantizer's loss before its weight, on the autograd graph.
    pub codebook: Tensor,
    /// Weight of the quantizer's loss.
    pub codebook_weight: f64,
    /// The reconstruction terms that are logged, by name, before their weights, detached.
    pub terms: Vec<(&'static str, Tensor)>,
}

impl LossConfig {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`ConfigError::Value`] naming the key.
    pub fn check(&self) -> Result<(), ConfigError> {
        let weights = [
            ("loss.l1", self.l1),
            ("loss.l2", self.l2),
            ("loss.ms_ssim", self.ms_ssim),
            ("loss.laplacian", self.laplacian),
            ("loss.codebook", self.codebook),
            ("loss.perceptual.weight", self.perceptual.as_ref().map_or(0.0, |perceptual| perceptual.weight)),
        ];
        for (key, weight) in weights {
            check_value(key, weight.is_finite() && weight >= 0.0, "a finite number >= 0", weight)?;
        }
        let files = self.perceptual.as_ref().is_none_or(|perceptual| !perceptual.files.is_empty());
        check_value("loss.perceptual.files", files, "at least one safetensors file", "none")
    }

    /// Builds the terms of positive weight, and reads their networks onto a device.
    ///
    /// # Errors
    /// [`ConfigError::Value`] naming a key out of range; [`ConfigError::Model`] naming the file or tensor of LPIPS that
    /// does not fit.
    pub fn build(&self, device: Device) -> Result<Loss, ConfigError> {
        self.check()?;
        let mut terms: Vec<(f64, Box<dyn ImageLoss>)> =
            vec![(self.l1, Box::new(pixel::L1)), (self.l2, Box::new(pixel::L2))];
        if let Some(perceptual) = self.perceptual.as_ref().filter(|perceptual| perceptual.weight > 0.0) {
            terms.push((perceptual.weight, Box::new(similarity::Perceptual(Lpips::open(&perceptual.files, device)?))));
        }
        terms.push((self.ms_ssim, Box::new(similarity::MsSsim)));
        terms.push((self.laplacian, Box::new(laplacian::Laplacian)));
        terms.retain(|(weight, _)| *weight > 0.0);
        Ok(Loss { terms, codebook: self.codebook })
    }

    /// The smallest side of an image that each term of positive weight can measure, with the term's name.
    pub(crate) fn smallest(&self) -> impl Iterator<Item = (i64, &'static str)> {
        let laplacian = (self.laplacian > 0.0).then_some((laplacian::SMALLEST, "the Laplacian pyramid"));
        let perceptual = self.perceptual.is_some().then_some((Lpips::SMALLEST, "LPIPS"));
        laplacian.into_iter().chain(perceptual)
    }
}

impl Loss {
    /// The loss of a reconstruction of images `[B, 3, H, W]`.
    ///
    /// # Errors
    /// [`ConfigError`] if the images are too small for a term: 16 pixels for LPIPS, 11 for MS-SSIM, 8 for Laplacian
    /// pyramids.
    pub fn losses(&self, reconstruction: &Reconstruction, images: &Tensor) -> Result<Losses, ConfigError> {
        let reconstructed = reconstruction.images.to_kind(Kind::Float);
        let mut sum = Tensor::zeros([], (Kind::Float, images.device()));
        let mut terms = Vec::new();
        for (weight, loss) in &self.terms {
            let term = loss.compute(&reconstructed, images)?;
            sum = &sum + &term * *weight;
            if loss.is_logged() {
                terms.push((loss.name(), term.detach()));
            }
        }
        let codebook = reconstruction.quantized.loss.shallow_clone();
        Ok(Losses { reconstruction: sum, codebook, codebook_weight: self.codebook, terms })
    }
}

impl Losses {
    /// The weighted sum of all terms, on the autograd graph.
    pub fn total(&self) -> Tensor {
        &self.reconstruction + &self.codebook * self.codebook_weight
    }
}
