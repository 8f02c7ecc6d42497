//! Weights of the terms.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::laplacian;
use crate::TrainError;

/// Weights of the terms; a term of weight 0 is not computed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LossConfig {
    /// Weight of the mean absolute error.
    pub l1: f64,
    /// Weight of the mean squared error.
    pub l2: f64,
    /// Weight of `1 - MS-SSIM` ([`vq_eval::ms_ssim`], which says how many scales small images have); needs no weights.
    pub ms_ssim: f64,
    /// Weight of the L1 distance of Laplacian pyramids ([`laplacian_l1`](crate::laplacian_l1)); needs no weights.
    pub laplacian: f64,
    /// Weight of the quantizer's loss.
    pub codebook: f64,
    /// LPIPS, for those who have its weights; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub perceptual: Option<PerceptualConfig>,
}

/// LPIPS on VGG-16 ([`vq_model::Lpips`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerceptualConfig {
    /// Weight of the distance's mean over images; VQGAN's is 1.
    #[serde(default = "one")]
    pub weight: f64,
    /// The safetensors files that hold the network's weights between them; [`vq_model::Lpips`] names the tensors.
    pub files: Vec<PathBuf>,
}

fn one() -> f64 {
    1.0
}

/// VQGAN's reconstruction term without its perceptual part.
impl Default for LossConfig {
    fn default() -> Self {
        Self { l1: 1.0, l2: 0.0, ms_ssim: 0.0, laplacian: 0.0, codebook: 1.0, perceptual: None }
    }
}

impl LossConfig {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`TrainError::Option`] naming the key.
    pub fn check(&self) -> Result<(), TrainError> {
        let weights = [
            ("loss.l1", self.l1),
            ("loss.l2", self.l2),
            ("loss.ms_ssim", self.ms_ssim),
            ("loss.laplacian", self.laplacian),
            ("loss.codebook", self.codebook),
            ("loss.perceptual.weight", self.perceptual.as_ref().map_or(0.0, |perceptual| perceptual.weight)),
        ];
        if let Some((key, weight)) = weights.into_iter().find(|(_, weight)| !(weight.is_finite() && *weight >= 0.0)) {
            return Err(TrainError::Option { key, expected: "a finite number >= 0".into(), got: weight.to_string() });
        }
        match &self.perceptual {
            Some(perceptual) if perceptual.files.is_empty() => Err(TrainError::Option {
                key: "loss.perceptual.files",
                expected: "at least one safetensors file".into(),
                got: "none".into(),
            }),
            _ => Ok(()),
        }
    }

    /// The smallest side of an image that each configured term can measure, with the term's name.
    pub(crate) fn smallest(&self) -> impl Iterator<Item = (i64, &'static str)> {
        let laplacian = (self.laplacian > 0.0).then_some((laplacian::SMALLEST, "the Laplacian pyramid"));
        let perceptual = self.perceptual.is_some().then_some((vq_model::Lpips::SMALLEST, "LPIPS"));
        laplacian.into_iter().chain(perceptual)
    }
}
