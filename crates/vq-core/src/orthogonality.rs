//! A loss that spreads the codes.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::{CoreError, Distance};

/// Orthogonality term (arXiv 2112.00384, equation 2): the mean squared cosine between different codes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrthogonalityConfig {
    /// Weight of the term.
    pub weight: f64,
}

impl OrthogonalityConfig {
    pub(crate) fn check(&self, op: &'static str) -> Result<(), CoreError> {
        if self.weight.is_finite() && self.weight >= 0.0 {
            return Ok(());
        }
        let expected = "a finite orthogonality weight >= 0".into();
        Err(CoreError::Option { op, expected, got: self.weight.to_string() })
    }

    /// `weight * (|E E'|^2 / K^2 - 1 / K)` over codes `[K, D]` of length one: a scalar.
    ///
    /// `|E E'|` is `|E' E|`, which is `[D, D]`: the `[K, K]` cosines are never held.
    pub(crate) fn loss(&self, codes: &Tensor) -> Tensor {
        let size = codes.size()[0] as f64;
        let unit = Distance::Cosine.prepare(codes);
        let gram = unit.transpose(0, 1).matmul(&unit); // [D, D]
        (gram.square().sum(None::<Kind>) / (size * size) - 1.0 / size) * self.weight
    }
}
