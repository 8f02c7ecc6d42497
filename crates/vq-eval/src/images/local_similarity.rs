//! The local comparison of SSIM and MS-SSIM.

use tch::{Kind, Tensor};

/// Side of the window, in pixels.
pub(super) const WINDOW: i64 = 11;
const SIGMA: f64 = 1.5;
/// `(0.01 L)^2` and `(0.03 L)^2` for a data range `L` of 2.
const C1: f64 = 0.02 * 0.02;
const C2: f64 = 0.06 * 0.06;

/// Maps over the positions where the window fits, `[N, 1, H - 10, W - 10]`.
pub(super) struct LocalSimilarity {
    /// Luminance times contrast and structure: SSIM (Wang et al. 2004, equation 13).
    pub(super) structural: Tensor,
    /// Contrast and structure without luminance.
    pub(super) contrast: Tensor,
}

impl LocalSimilarity {
    /// Compares planes `[N, 1, H, W]` with `H, W >= 11`, in their own dtype, with gradients.
    pub(super) fn of(x: &Tensor, y: &Tensor) -> Self {
        let window = gaussian(x);
        // One batch holds all five: on a GPU, the number of launches decides the time.
        let moments = Tensor::cat(&[x, y, &x.square(), &y.square(), &(x * y)], 0); // [5 * N, 1, H, W]
        let rows = moments.conv2d(&window.view([1, 1, WINDOW, 1]), None::<Tensor>, 1, 0, 1, 1);
        let blurred = rows.conv2d(&window.view([1, 1, 1, WINDOW]), None::<Tensor>, 1, 0, 1, 1);
        let moment = |index: i64| blurred.narrow(0, index * x.size()[0], x.size()[0]);
        let (mean_x, mean_y) = (moment(0), moment(1));
        let var_x = moment(2) - mean_x.square();
        let var_y = moment(3) - mean_y.square();
        let covariance = moment(4) - &mean_x * &mean_y;
        let luminance = ((&mean_x * &mean_y) * 2.0 + C1) / (mean_x.square() + mean_y.square() + C1);
        let contrast = (covariance * 2.0 + C2) / (var_x + var_y + C2);
        Self { structural: luminance * &contrast, contrast }
    }
}

/// Weights of the window along one axis, `[11]`, summing to 1, with the dtype and device of `like`.
fn gaussian(like: &Tensor) -> Tensor {
    let offsets = Tensor::arange(WINDOW, (Kind::Double, like.device())) - (WINDOW / 2) as f64;
    let weights = (offsets.square() / (-2.0 * SIGMA * SIGMA)).exp();
    (&weights / weights.sum(Kind::Double)).to_kind(like.kind())
}
