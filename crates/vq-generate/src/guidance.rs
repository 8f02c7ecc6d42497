//! With and without a condition, side by side.

use tch::{Kind, Tensor};

use crate::Condition;
use crate::condition::Prefix;

/// Classifier-free guidance (arXiv 2207.12598, equation 6).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guidance {
    /// None asks with the condition only, and has no second row for an image.
    weight: Option<f64>,
}

impl Guidance {
    pub(crate) fn new(weight: f64, condition: &Condition) -> Self {
        let matters = weight != 1.0 && !matches!(condition, Condition::None);
        Self { weight: matters.then_some(weight) }
    }

    /// Rows `[B, ..]` for an image each, twice if half of them lose their condition.
    pub(crate) fn rows(self, xs: &Tensor) -> Tensor {
        match self.weight {
            None => xs.shallow_clone(),
            Some(_) => Tensor::cat(&[xs, xs], 0),
        }
    }

    /// States of the condition: `[B, N, M]`, or `[2 B, N, M]` of which the second half has none.
    pub(crate) fn prefix(self, prefix: &Prefix, condition: &Condition, images: i64) -> Option<Tensor> {
        let with = prefix.read(condition, images, None)?;
        if self.weight.is_none() {
            return Some(with);
        }
        let without = prefix.read(&Condition::None, images, None)?;
        Some(Tensor::cat(&[with, without], 0))
    }

    /// Scores `[R, ..]` of all rows to scores `[B, ..]`, in `Float` or more digits.
    pub(crate) fn mix(self, scores: &Tensor) -> Tensor {
        let scores = scores.to_kind(if scores.kind() == Kind::Double { Kind::Double } else { Kind::Float });
        let Some(weight) = self.weight else { return scores };
        let parts = scores.chunk(2, 0);
        let (with, without) = (&parts[0], &parts[1]);
        without + (with - without) * weight
    }
}
