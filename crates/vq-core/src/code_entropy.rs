//! The entropy terms of quantizers whose codes are chosen by scores.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::CoreError;

/// Entropy terms over the codes of a codebook (arXiv 2310.05737, section 3.1, for probabilities of any kind):
/// `weight * (per_sample * E[H(p)] - diversity_gamma * H(E[p]))` in nats, with `p = softmax(scores / temperature)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CodeEntropyConfig {
    /// Weight of both terms together; zero switches them off.
    pub weight: f64,
    /// Weight of the mean entropy of a latent's choice, which is to be low.
    pub per_sample: f64,
    /// Weight of the entropy of the codes' mean probabilities, which is to be high.
    pub diversity_gamma: f64,
    /// Temperature of these terms alone.
    pub temperature: f64,
}

impl Default for CodeEntropyConfig {
    /// The published configurations'.
    fn default() -> Self {
        Self { weight: 0.05, per_sample: 1.0, diversity_gamma: 1.0, temperature: 0.01 }
    }
}

/// What a part of the rows adds to the entropy terms.
pub(crate) struct PartialEntropy {
    /// Weighted sum of the entropies of the rows' choices: a scalar.
    per_sample: Tensor,
    /// Weighted sum of the rows' probabilities, `[K]`.
    probabilities: Tensor,
}

impl CodeEntropyConfig {
    /// Checks every option.
    pub(crate) fn check(&self, op: &'static str) -> Result<(), CoreError> {
        let refuse = |expected: &str, got: f64| {
            Err(CoreError::Option { op, expected: expected.to_owned(), got: got.to_string() })
        };
        for weight in [self.weight, self.per_sample, self.diversity_gamma] {
            if !(weight.is_finite() && weight >= 0.0) {
                return refuse("finite entropy weights >= 0", weight);
            }
        }
        if !(self.temperature.is_finite() && self.temperature > 0.0) {
            return refuse("a finite entropy temperature > 0", self.temperature);
        }
        Ok(())
    }

    /// What rows of scores `[n, K]` add, each of which counts with a weight of `[n]`; none if the terms are off.
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

    /// The weighted loss of all parts together: a scalar; none without parts.
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
