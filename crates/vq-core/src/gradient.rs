//! The gradient that gets past the quantizer.

use serde::{Deserialize, Serialize};
use tch::Tensor;

/// What stands in for the gradient of the quantizer, which is zero almost everywhere.
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
    /// The value of `codes`, bit for bit, with a gradient to `latents`; both are `[N, D]`.
    pub(crate) fn pass(self, latents: &Tensor, codes: &Tensor) -> Tensor {
        match self {
            Self::StraightThrough => straight_through(latents, codes),
            Self::Rotation => rotation_trick(latents, codes),
        }
    }
}

/// The value of `codes`, bit for bit, with the gradient of `latents` (straight-through estimator; VQ-VAE, section 3.2).
///
/// Both have one shape.
/// The usual `z + (e - z).detach()` differs from `e` by rounding, so that decoding the ids would not give the same
/// image; `e + (z - z.detach())` adds an exact zero.
pub fn straight_through(latents: &Tensor, codes: &Tensor) -> Tensor {
    codes.detach() + (latents - latents.detach())
}

/// The value of `codes`, bit for bit, with the gradient of a rotation and rescaling of `latents` onto `codes`, both
/// held constant (rotation trick; arXiv 2410.06424, equation 4).
///
/// Rows of `[N, D]` are rotated one by one.
/// The gradient that reaches a latent makes the same angle with it as the upstream gradient makes with the code, and
/// its length is scaled by `|e| / |z|`.
/// A row of zeros on either side has no direction: its gradient is zero.
pub fn rotation_trick(latents: &Tensor, codes: &Tensor) -> Tensor {
    let (z, e) = (latents.detach(), codes.detach());
    let length = |rows: &Tensor| rows.norm_scalaropt_dim(2.0, &[-1_i64][..], true); // [N, 1]
    let unit = |rows: &Tensor| rows / length(rows).clamp_min(f64::from(f32::MIN_POSITIVE));
    let (from, to) = (unit(&z), unit(&e));
    let between = unit(&(&from + &to)); // the mirror of Householder's two reflections
    let along = |axis: &Tensor| (latents * axis).sum_dim_intlist(-1, true, None);
    let rotated = latents - along(&between) * between * 2.0 + along(&from) * &to * 2.0;
    let scale = (length(&e) / length(&z)).nan_to_num(0.0, 0.0, 0.0); // zero where a latent has no direction
    let scaled = rotated * scale;
    e + (&scaled - scaled.detach())
}
