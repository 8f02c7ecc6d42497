//! Peak signal-to-noise ratio.

use tch::{Kind, Tensor};

use crate::EvalError;
use crate::error::check_pair;

/// Mean over images of `10 log10(4 / mse)`, in dB, for images in `[-1, 1]` (a data range of 2).
///
/// The mean of each image's own value, as scikit-image's function gives image by image; not the value of the mean error.
/// An image without any error counts as 100 dB.
#[derive(Debug, Default)]
pub struct Psnr {
    sum: f64,
    count: i64,
}

impl Psnr {
    /// Adds a batch: `images` against `references`, both `[B, 3, H, W]`.
    ///
    /// # Errors
    /// [`EvalError::Shape`] if the shapes differ or are not images.
    pub fn update(&mut self, images: &Tensor, references: &Tensor) -> Result<(), EvalError> {
        check_pair("Psnr::update", "[B, 3, H, W]", 1, images, references)?;
        let error = images.clamp(-1.0, 1.0) - references.clamp(-1.0, 1.0);
        let mse = error.to_kind(Kind::Double).square().mean_dim([1_i64, 2, 3].as_slice(), false, Kind::Double); // [B]
        let decibels = (mse.reciprocal() * 4.0).log10() * 10.0;
        self.sum += decibels.clamp_max(100.0).sum(Kind::Double).double_value(&[]);
        self.count += images.size()[0];
        Ok(())
    }

    /// The mean so far, or nothing before the first image.
    pub fn compute(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}
