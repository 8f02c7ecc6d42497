//! Structural similarity.

use tch::{Kind, Tensor};

use super::local_similarity::{LocalSimilarity, WINDOW};
use crate::checks::{check_not_nan, check_pair};
use crate::{EvalError, Mean};

/// Mean over images of SSIM (Wang et al. 2004), for images in `[-1, 1]` (a data range of 2).
///
/// The window is an 11x11 Gaussian of sigma 1.5, at the positions where it fits; channels are averaged.
/// It equals scikit-image's `structural_similarity(gaussian_weights=True, sigma=1.5, use_sample_covariance=False)`.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct Ssim {
    mean: Mean,
}

impl Ssim {
    /// Adds a batch: `images` against `references`, both `[B, 3, H, W]` with `H, W >= 11`.
    ///
    /// # Errors
    /// [`EvalError::Shape`] if the shapes differ, are not those of images, or are smaller than the window;
    /// [`EvalError::Input`] if a pixel is NaN.
    pub fn update(&mut self, images: &Tensor, references: &Tensor) -> Result<(), EvalError> {
        check_pair("Ssim::update", "[B, 3, H, W] with H, W >= 11", WINDOW, images, references)?;
        check_not_nan("Ssim::update", images, references)?;
        let prepare = |batch: &Tensor| batch.clamp(-1.0, 1.0).to_kind(Kind::Double).flatten(0, 1).unsqueeze(1);
        let (x, y) = (prepare(images), prepare(references)); // [B * 3, 1, H, W]
        let planes = LocalSimilarity::of(&x, &y).structural.mean_dim([1_i64, 2, 3].as_slice(), false, Kind::Double);
        self.mean.add("Ssim::update", &planes.view([-1, 3]).mean_dim(1, false, Kind::Double))
    }

    /// Adds another accumulator.
    pub fn merge(&mut self, other: &Self) {
        self.mean.merge(&other.mean);
    }

    /// The mean so far; none before the first image.
    pub fn compute(&self) -> Option<f64> {
        self.mean.compute()
    }
}
