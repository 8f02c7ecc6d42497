//! Structural similarity.

use tch::{Kind, Tensor};

use crate::EvalError;
use crate::error::check_pair;

const WINDOW: i64 = 11;
const SIGMA: f64 = 1.5;
/// `(0.01 L)^2` and `(0.03 L)^2` for a data range `L` of 2.
const C1: f64 = 0.02 * 0.02;
const C2: f64 = 0.06 * 0.06;

/// Mean over images of SSIM (Wang et al. 2004) with an 11x11 Gaussian window of sigma 1.5 over the positions where the
/// window fits, for images in `[-1, 1]` (a data range of 2), channels averaged.
///
/// Equals scikit-image's `structural_similarity(gaussian_weights=True, sigma=1.5, use_sample_covariance=False)`.
#[derive(Debug, Default)]
pub struct Ssim {
    sum: f64,
    count: i64,
}

impl Ssim {
    /// Adds a batch: `images` against `references`, both `[B, 3, H, W]` with `H, W >= 11`.
    ///
    /// # Errors
    /// [`EvalError::Shape`] if the shapes differ, are not images, or are smaller than the window.
    pub fn update(&mut self, images: &Tensor, references: &Tensor) -> Result<(), EvalError> {
        check_pair("Ssim::update", "[B, 3, H, W] with H, W >= 11", WINDOW, images, references)?;
        let prepare = |batch: &Tensor| batch.clamp(-1.0, 1.0).to_kind(Kind::Double).flatten(0, 1).unsqueeze(1);
        let (x, y) = (prepare(images), prepare(references)); // [B * 3, 1, H, W]
        let window = gaussian(&x);
        let blur = |batch: &Tensor| {
            let rows = batch.conv2d(&window.view([1, 1, WINDOW, 1]), None::<Tensor>, 1, 0, 1, 1);
            rows.conv2d(&window.view([1, 1, 1, WINDOW]), None::<Tensor>, 1, 0, 1, 1)
        };
        let (mean_x, mean_y) = (blur(&x), blur(&y));
        let var_x = blur(&x.square()) - mean_x.square();
        let var_y = blur(&y.square()) - mean_y.square();
        let covariance = blur(&(&x * &y)) - &mean_x * &mean_y;
        let luminance = ((&mean_x * &mean_y) * 2.0 + C1) / (mean_x.square() + mean_y.square() + C1);
        let structure = (covariance * 2.0 + C2) / (var_x + var_y + C2);
        self.sum += (luminance * structure)
            .mean_dim([1_i64, 2, 3].as_slice(), false, Kind::Double)
            .sum(Kind::Double)
            .double_value(&[])
            / 3.0;
        self.count += images.size()[0];
        Ok(())
    }

    /// The mean so far, or nothing before the first image.
    pub fn compute(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

/// Weights of the window along one axis, `[11]`, summing to 1, on the device of `like`.
fn gaussian(like: &Tensor) -> Tensor {
    let offsets = Tensor::arange(WINDOW, (Kind::Double, like.device())) - (WINDOW / 2) as f64;
    let weights = (offsets.square() / (-2.0 * SIGMA * SIGMA)).exp();
    &weights / weights.sum(Kind::Double)
}
