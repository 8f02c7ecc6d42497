//! Random draws of tokens.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::error::{InputError, check_option};
use crate::host::f64_values;

/// Options of sampling from scores: temperature, top-k and top-p.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SampleConfig {
    /// Divides the scores; 1 by default, lower values favour likely tokens.
    pub temperature: f64,
    /// Draws from the `k` likeliest tokens; from all by default, and if `k` exceeds their number.
    pub top_k: Option<i64>,
    /// Draws from the smallest set of likeliest tokens that holds this share of the probability left by `top_k`
    /// (nucleus sampling, arXiv 1904.09751); 1 by default, which keeps all.
    pub top_p: f64,
}

impl Default for SampleConfig {
    fn default() -> Self {
        Self { temperature: 1.0, top_k: None, top_p: 1.0 }
    }
}

impl SampleConfig {
    /// Checks every option.
    ///
    /// # Errors
    /// [`InputError::Option`] with the key of the first invalid option.
    pub fn check(&self) -> Result<(), InputError> {
        const OP: &str = "SampleConfig";
        let temperature = self.temperature;
        let valid = temperature.is_finite() && temperature > 0.0;
        check_option(OP, "temperature", valid, "to be finite and positive", temperature)?;
        if let Some(k) = self.top_k {
            check_option(OP, "top_k", k >= 1, "to be positive", k)?;
        }
        check_option(OP, "top_p", self.top_p > 0.0 && self.top_p <= 1.0, "in 0..=1 and not 0", self.top_p)
    }

    /// Draws a token from each row of scores `[B, V]`, which are log-probabilities up to a constant, using one uniform
    /// number in `[0, 1)` for each row.
    ///
    /// A row whose scores are NaN gives a token whose log-probability is NaN.
    pub fn sample(&self, scores: &Tensor, uniform: &[f64]) -> Vec<SampledToken> {
        let width = scores.size().last().map_or(0, |tokens| *tokens as usize);
        if width == 0 {
            return Vec::new();
        }
        // The largest score is subtracted first, so that a temperature near zero does not overflow.
        let scores = if self.temperature == 1.0 {
            scores.shallow_clone()
        } else {
            (scores.to_kind(Kind::Double) - scores.amax([-1], true)) / self.temperature
        };
        let probabilities = f64_values(&scores.softmax(-1, Kind::Double));
        probabilities.chunks(width).zip(uniform).map(|(row, uniform)| self.pick(row, *uniform)).collect()
    }

    fn pick(&self, probabilities: &[f64], uniform: f64) -> SampledToken {
        let kept = self.top_k.map_or(probabilities.len(), |k| usize::try_from(k).unwrap_or(usize::MAX));
        if kept >= probabilities.len() && self.top_p >= 1.0 {
            return invert_cdf(probabilities.iter().copied().enumerate(), uniform);
        }
        let likelier = |a: &usize, b: &usize| probabilities[*b].total_cmp(&probabilities[*a]).then(a.cmp(b));
        let mut tokens: Vec<usize> = (0..probabilities.len()).collect();
        if kept < tokens.len() {
            tokens.select_nth_unstable_by(kept, likelier);
            tokens.truncate(kept);
        }
        tokens.sort_unstable_by(likelier);
        if self.top_p < 1.0 {
            let enough = self.top_p * tokens.iter().map(|token| probabilities[*token]).sum::<f64>();
            let mut before = 0.0;
            let inside = tokens.iter().take_while(|token| {
                let inside = before < enough;
                before += probabilities[**token];
                inside
            });
            // The likeliest token stays even if rounding makes `enough` zero.
            let inside = inside.count().max(1);
            tokens.truncate(inside);
        }
        invert_cdf(tokens.into_iter().map(|token| (token, probabilities[token])), uniform)
    }
}

/// A drawn token and its probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampledToken {
    /// In `0..V`.
    pub token: i64,
    /// Logarithm of the probability with which it was drawn, after temperature, `top_k` and `top_p`.
    pub log_probability: f64,
}

/// The token at which the cumulative weight passes `uniform` times the total.
fn invert_cdf(weights: impl Iterator<Item = (usize, f64)> + Clone, uniform: f64) -> SampledToken {
    let total: f64 = weights.clone().map(|(_, weight)| weight).sum();
    let aim = uniform * total;
    let mut sum = 0.0;
    let mut chosen = (0, f64::NAN);
    for (token, weight) in weights.filter(|(_, weight)| *weight > 0.0) {
        sum += weight;
        chosen = (token, weight);
        if sum > aim {
            break;
        }
    }
    // If the sum rounds down, the last token of positive weight is drawn.
    SampledToken { token: chosen.0 as i64, log_probability: (chosen.1 / total).ln() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn log_row(numbers: &[f64]) -> Tensor {
        Tensor::from_slice(numbers).log().unsqueeze(0)
    }

    #[test]
    fn draws_invert_the_cumulative_distribution() {
        let scores = log_row(&[0.2, 0.5, 0.0, 0.3]);
        let check = |config: SampleConfig, uniform: f64, expected: i64| {
            assert_eq!(config.sample(&scores, &[uniform])[0].token, expected, "{config:?} at {uniform}");
        };
        let all = SampleConfig::default;
        for (uniform, expected) in [(0.0, 0), (0.19, 0), (0.21, 1), (0.69, 1), (0.71, 3), (1.0 - 1e-16, 3)] {
            check(all(), uniform, expected);
        }
        for (uniform, expected) in [(0.0, 1), (0.62, 1), (0.63, 3), (0.999, 3)] {
            check(SampleConfig { top_k: Some(2), ..all() }, uniform, expected);
            check(SampleConfig { top_p: 0.6, ..all() }, uniform, expected);
        }
        check(SampleConfig { top_p: 0.49, ..all() }, 0.999, 1);
        check(SampleConfig { top_k: Some(9), ..all() }, 0.999, 3);
        check(SampleConfig { temperature: 1e-9, ..all() }, 0.999, 1);
        // Squares: 0.04, 0.25, 0.09 of 0.38.
        check(SampleConfig { temperature: 0.5, ..all() }, 0.105, 0);
        check(SampleConfig { temperature: 0.5, ..all() }, 0.106, 1);
    }

    proptest! {
        #[test]
        fn tokens_outside_top_k_and_top_p_are_never_drawn(
            weights in prop::collection::vec(0.0_f64..1.0, 1..20),
            uniform in 0.0_f64..1.0,
            k in 1_i64..25,
            top_p in 0.01_f64..1.0,
        ) {
            prop_assume!(weights.iter().any(|weight| *weight > 0.0));
            let config = SampleConfig { top_k: Some(k), top_p, ..Default::default() };
            let found = config.sample(&log_row(&weights), &[uniform])[0];
            let drawn = found.token as usize;
            let likelier: Vec<f64> = weights.iter().copied().filter(|weight| *weight > weights[drawn]).collect();
            prop_assert!(weights[drawn] > 0.0);
            prop_assert!((likelier.len() as i64) < k);
            prop_assert!(found.log_probability >= (weights[drawn] / weights.iter().sum::<f64>()).ln() - 1e-9);
            prop_assert!(likelier.iter().sum::<f64>() <= top_p * weights.iter().sum::<f64>() + 1e-12);
        }
    }
}
