//! Gradient estimators: the gradient of a quantizer is zero almost everywhere.

use serde::{Deserialize, Serialize};
use tch::Tensor;

/// The estimator used in place of the gradient of the quantizer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GradientEstimator {
    /// The identity: see [`straight_through`].
    #[default]
    StraightThrough,
    /// Rotation and rescaling: see [`rotation_trick`].
    Rotation,
}

impl GradientEstimator {
    /// The values of `codes`, bit for bit, with a gradient to `latents`; both are `[N, D]`.
    pub(super) fn apply(self, latents: &Tensor, codes: &Tensor) -> Tensor {
        match self {
            Self::StraightThrough => straight_through(latents, codes),
            Self::Rotation => rotation_trick(latents, codes),
        }
    }
}

/// The values of `codes`, bit for bit, with the gradient of `latents` (straight-through estimator; VQ-VAE, section
/// 3.2).
///
/// Both have the same shape.
/// The usual `z + (e - z).detach()` differs from `e` by rounding, so that decoding the ids would give another image;
/// `e + (z - z.detach())` adds an exact zero.
pub fn straight_through(latents: &Tensor, codes: &Tensor) -> Tensor {
    codes.detach() + (latents - latents.detach())
}

/// The values of `codes`, bit for bit, with the gradient of a rotation and rescaling that maps `latents` onto `codes`
/// (rotation trick; arXiv 2410.06424, equation 4). Rotation and scale are detached.
///
/// Each row of `[N, D]` has its own rotation.
/// The angle between a latent and its gradient equals the angle between the code and the upstream gradient, and the
/// gradient is scaled by `|e| / |z|`.
/// If latent or code is zero, the gradient is zero.
pub fn rotation_trick(latents: &Tensor, codes: &Tensor) -> Tensor {
    let (z, e) = (latents.detach(), codes.detach());
    let norm = |rows: &Tensor| rows.norm_scalaropt_dim(2.0, &[-1_i64][..], true); // [N, 1]
    let unit = |rows: &Tensor| rows / norm(rows).clamp_min(f64::from(f32::MIN_POSITIVE));
    let (from, to) = (unit(&z), unit(&e));
    let between = unit(&(&from + &to)); // the axis of the second of two Householder reflections
    let along = |axis: &Tensor| (latents * axis).sum_dim_intlist(-1, true, None);
    let rotated = latents - along(&between) * between * 2.0 + along(&from) * &to * 2.0;
    let scale = (norm(&e) / norm(&z)).nan_to_num(0.0, 0.0, 0.0); // zero for zero latents
    let scaled = rotated * scale;
    e + (&scaled - scaled.detach())
}

/// The codes `[N, D]` of ids `[N]`, bit for bit, with the gradient of the expected code under `probabilities` `[N, K]`
/// (straight-through Gumbel-softmax, arXiv 1611.01144, section 2.2; index backpropagation, arXiv 2412.02692,
/// algorithm 1).
///
/// This equals `(hard - sg(soft) + soft) E` without the one-hot matrix `[N, K]`: an upstream gradient `g` gives `g.e`
/// to the probability of each code `e`, and `g` to the chosen code.
pub(super) fn softmax_straight_through(probabilities: &Tensor, ids: &Tensor, codes: &Tensor) -> Tensor {
    let chosen = Tensor::embedding(codes, ids, -1, false, false);
    let expected = probabilities.matmul(&codes.detach());
    chosen + (&expected - expected.detach())
}
