//! Classifier-free guidance.

use tch::{Kind, Tensor};

use crate::condition::Condition;
use crate::prefix::Prefix;

/// Classifier-free guidance (arXiv 2207.12598, equation 6).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guidance {
    /// If none, only the conditional scores are computed, and an image has one row.
    weight: Option<f64>,
}

impl Guidance {
    pub(crate) fn new(weight: f64, condition: &Condition) -> Self {
        let guided = weight != 1.0 && !matches!(condition, Condition::None);
        Self { weight: guided.then_some(weight) }
    }

    /// One row for each image, `[B, ..]`, to `[R, ..]`.
    pub(crate) fn rows(self, xs: &Tensor) -> Tensor {
        match self.weight {
            None => xs.shallow_clone(),
            Some(_) => Tensor::cat(&[xs, xs], 0),
        }
    }

    /// States of the condition, `[R, N, M]`; of `2 B` rows the second half has no condition.
    pub(crate) fn prefix(self, prefix: &Prefix, condition: &Condition, images: i64) -> Option<Tensor> {
        let with = prefix.read(condition, images, None)?;
        if self.weight.is_none() {
            return Some(with);
        }
        let without = prefix.read(&Condition::None, images, None)?;
        Some(Tensor::cat(&[with, without], 0))
    }

    /// Scores `[R, ..]` of all rows to guided scores `[B, ..]`, in `Float` or wider.
    pub(crate) fn mix(self, scores: &Tensor) -> Tensor {
        let scores = scores.to_kind(if scores.kind() == Kind::Double { Kind::Double } else { Kind::Float });
        let Some(weight) = self.weight else { return scores };
        let parts = scores.chunk(2, 0);
        let (with, without) = (&parts[0], &parts[1]);
        without + (with - without) * weight
    }
}
