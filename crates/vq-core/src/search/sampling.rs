//! Random choice of codes by distance.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::check::check_positive;
use crate::distance::Distance;
use crate::error::CoreError;

/// Distances held at once (64 MiB), independent of N and K.
const DISTANCES_AT_ONCE: i64 = 1 << 24;

/// Sampling of codes in training (arXiv 1805.11063, section 3): code `e` with probability proportional to
/// `exp(-distance(z, e) / temperature)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamplingConfig {
    /// Higher values make the choice more uniform; towards zero it becomes the nearest code.
    pub temperature: f64,
}

impl SamplingConfig {
    /// Checks the temperature.
    pub(crate) fn check(&self, op: &'static str) -> Result<(), CoreError> {
        check_positive(op, "sampling temperature", self.temperature)
    }

    /// Samples `k` distinct codes `[K, D]` for each row `[N, D]`, without replacement (Gumbel top-k): ids `[N, k]`.
    ///
    /// The noise is from torch's generator. Distances to all codes are computed, for a part of the rows at a time.
    pub(crate) fn sample(&self, distance: Distance, rows: &Tensor, codes: &Tensor, k: i64) -> Tensor {
        tch::no_grad(|| {
            let (n, size) = (rows.size()[0], codes.size()[0]);
            let codes = distance.prepare(codes);
            let part = (DISTANCES_AT_ONCE / size).clamp(1, n.max(1));
            let sampled: Vec<Tensor> = distance
                .prepare(rows)
                .split(part, 0)
                .iter()
                .map(|rows| {
                    let logits = distance.matrix(rows, &codes) / -self.temperature;
                    let gumbel = -(-logits.rand_like().clamp_min(f64::from(f32::MIN_POSITIVE)).log()).log();
                    (logits + gumbel).topk(k, 1, true, true).1
                })
                .collect();
            Tensor::cat(&sampled, 0)
        })
    }
}
