//! Metrics of image pairs behind one trait.

use tch::Tensor;

use crate::{EvalError, MsSsim, Psnr, Ssim};

/// A metric of reconstructions and their originals: a mean over images.
///
/// To add one: implement it in a file of its own, list it in [`image_metrics`](crate::image_metrics), and add its title to
/// `vq_run::FIGURES`. Validation, evaluation, reports and studies then include it.
pub trait ImageMetric: Send {
    /// The name under which it is logged.
    fn name(&self) -> &'static str;

    /// Adds reconstructions and originals, both `[B, 3, H, W]` in `[-1, 1]`.
    ///
    /// # Errors
    /// [`EvalError`] if the shapes differ or the images are too small.
    fn update(&mut self, reconstructions: &Tensor, originals: &Tensor) -> Result<(), EvalError>;

    /// The mean over all images; none without images.
    fn compute(&self) -> Option<f64>;
}

macro_rules! image_metric {
    ($metric:ty, $name:literal) => {
        impl ImageMetric for $metric {
            fn name(&self) -> &'static str {
                $name
            }

            fn update(&mut self, reconstructions: &Tensor, originals: &Tensor) -> Result<(), EvalError> {
                <$metric>::update(self, reconstructions, originals)
            }

            fn compute(&self) -> Option<f64> {
                <$metric>::compute(self)
            }
        }
    };
}

image_metric!(Psnr, "psnr");
image_metric!(Ssim, "ssim");
image_metric!(MsSsim, "ms_ssim");
