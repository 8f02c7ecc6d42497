//! Peak signal-to-noise ratio.

use tch::{Kind, Tensor};

use crate::checks::{check_not_nan, check_pair};
use crate::{EvalError, Mean};

/// Mean over images of `10 log10(4 / mse)`, in dB, for images in `[-1, 1]` (a data range of 2).
///
/// This is the mean of each image's own value, which scikit-image's function gives, not the value of the mean error.
/// An image without error counts as 100 dB.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct Psnr {
    mean: Mean,
}

impl Psnr {
    /// Adds a batch: `images` against `references`, both `[B, 3, H, W]`.
    ///
    /// # Errors
    /// [`EvalError::Shape`] if the shapes differ or are not those of images; [`EvalError::Input`] if a pixel is NaN.
    pub fn update(&mut self, images: &Tensor, references: &Tensor) -> Result<(), EvalError> {
        check_pair("Psnr::update", "[B, 3, H, W]", 1, images, references)?;
        check_not_nan("Psnr::update", images, references)?;
        let error = images.clamp(-1.0, 1.0) - references.clamp(-1.0, 1.0);
        let mse = error.to_kind(Kind::Double).square().mean_dim([1_i64, 2, 3].as_slice(), false, Kind::Double); // [B]
        let decibels = (mse.reciprocal() * 4.0).log10() * 10.0;
        self.mean.add("Psnr::update", &decibels.clamp_max(100.0))
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
