//! Orthogonality loss, which spreads the codes.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::check::check_not_negative;
use crate::distance::normalize_rows;
use crate::error::CoreError;

/// Orthogonality term (arXiv 2112.00384, equation 2): the mean squared cosine between distinct codes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrthogonalityConfig {
    /// Weight of the term.
    pub weight: f64,
}

impl OrthogonalityConfig {
    /// Checks the weight.
    pub(crate) fn check(&self, op: &'static str) -> Result<(), CoreError> {
        check_not_negative(op, "orthogonality weight", self.weight)
    }

    /// `weight * (|E E'|^2 / K^2 - 1 / K)` over normalized codes `[K, D]`: a scalar.
    ///
    /// `|E E'|` equals `|E' E|`, which is `[D, D]`, so the `[K, K]` cosines are never allocated.
    pub(crate) fn loss(&self, codes: &Tensor) -> Tensor {
        let size = codes.size()[0] as f64;
        let unit = normalize_rows(codes);
        let gram = unit.transpose(0, 1).matmul(&unit); // [D, D]
        (gram.square().sum(None::<Kind>) / (size * size) - 1.0 / size) * self.weight
    }
}
