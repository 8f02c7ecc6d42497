//! Entropy terms of quantizers that choose codes by scores (IBQ).

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::check::{check_not_negative, check_positive};
use crate::error::CoreError;

/// Entropy terms of quantizers that choose codes by scores (arXiv 2310.05737, section 3.1).
///
/// The loss is `weight * (per_sample * E[H(p)] - diversity_gamma * H(E[p]))` in nats, with
/// `p = softmax(scores / temperature)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CodeEntropyConfig {
    /// Weight of both terms; zero disables them.
    pub weight: f64,
    /// Weight of the mean entropy per latent, which is minimized.
    pub per_sample: f64,
    /// Weight of the entropy of the mean probabilities, which is maximized.
    pub diversity_gamma: f64,
    /// Temperature of the softmax in these terms.
    pub temperature: f64,
}

impl Default for CodeEntropyConfig {
    /// The values of the published configurations.
    fn default() -> Self {
        Self { weight: 0.05, per_sample: 1.0, diversity_gamma: 1.0, temperature: 0.01 }
    }
}

/// Contribution of a part of the rows to the entropy terms.
pub(crate) struct PartialEntropy {
    /// Weighted sum of the entropies of the rows: a scalar.
    per_sample: Tensor,
    /// Weighted sum of the rows' probabilities, `[K]`.
    probabilities: Tensor,
}

impl CodeEntropyConfig {
    /// Checks every option.
    pub(crate) fn check(&self, op: &'static str) -> Result<(), CoreError> {
        check_not_negative(op, "entropy weight", self.weight)?;
        check_not_negative(op, "weight of the per-sample entropy", self.per_sample)?;
        check_not_negative(op, "weight of the codebook entropy", self.diversity_gamma)?;
        check_positive(op, "entropy temperature", self.temperature)
    }

    /// The contribution of rows of scores `[n, K]` with weights `[n]`; `None` if the terms are off.
    pub(crate) fn part(&self, scores: &Tensor, weights: &Tensor) -> Option<PartialEntropy> {
        (self.weight > 0.0).then(|| {
            let log_p = (scores / self.temperature).log_softmax(1, None::<Kind>);
            let p = log_p.exp();
            let each = -(&p * log_p).sum_dim_intlist(1, false, None::<Kind>);
            PartialEntropy {
                per_sample: (each * weights).sum(None::<Kind>),
                probabilities: weights.unsqueeze(0).matmul(&p).squeeze_dim(0),
            }
        })
    }

    /// The weighted loss of all parts: a scalar; `None` without parts.
    pub(crate) fn loss(&self, parts: Vec<PartialEntropy>) -> Option<Tensor> {
        let whole = parts.into_iter().reduce(|whole, part| PartialEntropy {
            per_sample: whole.per_sample + part.per_sample,
            probabilities: whole.probabilities + part.probabilities,
        })?;
        let p = whole.probabilities;
        let codebook = -(&p * p.clamp_min(f64::from(f32::MIN_POSITIVE)).log()).sum(None::<Kind>); // 0 ln 0 = 0
        Some((whole.per_sample * self.per_sample - codebook * self.diversity_gamma) * self.weight)
    }
}
