//! A penalty on the discriminator's slope at real images.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::TrainError;

/// Options of R1 (Mescheder et al. 2018, arXiv 1801.04406, equation 9).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct R1Config {
    /// Weight of the penalty, gamma.
    pub gamma: f64,
    /// Only every so many batches, then so many times as strong (StyleGAN2, arXiv 1912.04958, section 3.1): it costs about
    /// as much as all else that the discriminator does.
    pub every: u64,
}

/// The paper's gamma, StyleGAN2's interval.
impl Default for R1Config {
    fn default() -> Self {
        Self { gamma: 10.0, every: 16 }
    }
}

impl R1Config {
    pub(super) fn check(&self) -> Result<(), TrainError> {
        if !(self.gamma.is_finite() && self.gamma >= 0.0) {
            let (key, expected) = ("adversarial.r1.gamma", "a finite number >= 0".to_owned());
            return Err(TrainError::Option { key, expected, got: self.gamma.to_string() });
        }
        if self.every == 0 {
            let (key, expected) = ("adversarial.r1.every", "at least 1".to_owned());
            return Err(TrainError::Option { key, expected, got: "0".into() });
        }
        Ok(())
    }

    /// Whether the penalty is taken at a step.
    pub(super) fn is_due(&self, step: u64) -> bool {
        self.gamma > 0.0 && step.is_multiple_of(self.every)
    }

    /// `every * gamma / 2` times the mean over images of `|grad D(x)|^2`, a scalar on the autograd graph.
    ///
    /// `real` `[B, 3, H, W]` requires a gradient and led to `logits` `[B, ..]`; `D(x)` is the mean of an image's logits.
    pub(super) fn penalty(&self, real: &Tensor, logits: &Tensor) -> Result<Tensor, TrainError> {
        let each = logits.flatten(1, -1).mean_dim(1, false, Kind::Float); // [B]
        let slopes = Tensor::f_run_backward(&[each.sum(Kind::Float)], &[real], true, true)?;
        let squared = slopes[0].square().flatten(1, -1).sum_dim_intlist([1_i64].as_slice(), false, Kind::Float); // [B]
        Ok(squared.mean(Kind::Float) * (0.5 * self.gamma * self.every as f64))
    }
}
