//! A penalty on the discriminator's gradient at real images.

use tch::{Kind, Tensor};
use vq_experiment::R1Config;

use crate::TrainError;

/// `every * gamma / 2` times the mean over images of `|grad D(x)|^2`, a scalar on the autograd graph.
///
/// `real` `[B, 3, H, W]` requires a gradient and led to `logits` `[B, ..]`; `D(x)` is the mean of an image's logits.
pub(super) fn penalty(config: &R1Config, real: &Tensor, logits: &Tensor) -> Result<Tensor, TrainError> {
    let each = logits.flatten(1, -1).mean_dim(1, false, Kind::Float); // [B]
    let slopes = Tensor::f_run_backward(&[each.sum(Kind::Float)], &[real], true, true)?;
    let squared = slopes[0].square().flatten(1, -1).sum_dim_intlist([1_i64].as_slice(), false, Kind::Float); // [B]
    Ok(squared.mean(Kind::Float) * (0.5 * config.gamma * config.every as f64))
}
