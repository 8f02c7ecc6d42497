//! Codes drawn at random, the nearer the likelier.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::{CoreError, Distance};

/// At most this many distances are held at once (64 MiB), whatever N and K are.
const DISTANCES_AT_ONCE: i64 = 1 << 24;

/// Stochastic choice of codes in training (arXiv 1805.11063, section 3): code `e` with probability proportional to
/// `exp(-distance(z, e) / temperature)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamplingConfig {
    /// The higher, the more even the choice; towards zero, the nearest code.
    pub temperature: f64,
}

impl SamplingConfig {
    pub(crate) fn check(&self, op: &'static str) -> Result<(), CoreError> {
        if self.temperature.is_finite() && self.temperature > 0.0 {
            return Ok(());
        }
        let expected = "a finite sampling temperature > 0".into();
        Err(CoreError::Option { op, expected, got: self.temperature.to_string() })
    }

    /// Draws `k` different codes `[K, D]` for each row `[N, D]`, without replacement (Gumbel top-k): ids `[N, k]`.
    ///
    /// Torch's generator is used. The distances to all codes are needed here, but only a part of the rows at a time.
    pub(crate) fn draw(&self, distance: Distance, rows: &Tensor, codes: &Tensor, k: i64) -> Tensor {
        tch::no_grad(|| {
            let (n, size) = (rows.size()[0], codes.size()[0]);
            let codes = distance.prepare(codes);
            let part = (DISTANCES_AT_ONCE / size).clamp(1, n.max(1));
            let drawn: Vec<Tensor> = distance
                .prepare(rows)
                .split(part, 0)
                .iter()
                .map(|rows| {
                    let logits = distance.matrix(rows, &codes) / -self.temperature;
                    let gumbel = -(-logits.rand_like().clamp_min(f64::from(f32::MIN_POSITIVE)).log()).log();
                    (logits + gumbel).topk(k, 1, true, true).1
                })
                .collect();
            Tensor::cat(&drawn, 0)
        })
    }
}
