//! Entropy terms of quantizers with one bit per channel (LFQ, BSQ).

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::check::{check_finite, check_not_negative, check_positive};
use crate::error::CoreError;
use crate::mask::Mask;

/// The probabilities of all codes of a group of this many bits take 64 MiB.
const MAX_GROUP_BITS: i64 = 24;

/// Probabilities of half groups that are computed at once (16 MiB).
const PROBABILITIES_AT_ONCE: i64 = 1 << 22;

/// A logit of this size has probability 1, in `Float` and in `Double`.
const MAX_LOGIT: f64 = 1000.0;

/// Entropy terms of LFQ (arXiv 2310.05737, section 3.1) and BSQ (arXiv 2406.07548, section 4), computed exactly and
/// without the `N x 2^D` matrix of probabilities.
///
/// A latent `z` of `D` channels has code `c` of `{-s, s}^D` with probability proportional to `exp(-t |z - c|^2)`, where
/// `t` is [`inverse_temperature`](Self::inverse_temperature).
/// Only the term `2 t z.c` depends on the code, so the bits are independent: bit `d` is set with probability
/// `sigmoid(4 t s z_d)`.
///
/// * The per-sample entropy is the mean over latents of the entropy of this distribution, a sum over the bits:
///   `O(N D)`. It is low if latents are close to codes.
/// * The codebook entropy is the entropy of the distribution averaged over latents. It is high if codes are used
///   uniformly. Bits are split into groups of [`group_bits`](Self::group_bits) adjacent bits, and the entropies of the
///   groups are summed: with one group of all bits this is LFQ's term, with more groups it is BSQ's upper bound.
///   The average over the `2^g` codes of a group is one product of two matrices with the probabilities of half a group
///   each: `N x 2^(g/2)` numbers instead of `N x 2^g`.
///
/// Entropies are in nats. The loss is `weight * (per_sample * E[H(p)] - diversity_gamma * H(E[p]))`. It can be
/// negative.
///
/// vector-quantize-pytorch clamps probabilities at 1e-5 in the logarithm, so its codebook entropy is too low beyond
/// some tens of thousands of codes, and with a mask it does not average over the batch. This implementation does
/// neither.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BitEntropyConfig {
    /// Weight of both terms; zero disables them (`entropy_loss_weight` of vector-quantize-pytorch, zeta of BSQ).
    pub weight: f64,
    /// Weight of the per-sample entropy, which is minimized (1 in LFQ, `gamma0` in BSQ's code).
    pub per_sample: f64,
    /// Weight of the codebook entropy, which is maximized (gamma of BSQ).
    pub diversity_gamma: f64,
    /// `t` above: `inv_temperature` of vector-quantize-pytorch and of BSQ's code, half the factor of `u.c`.
    pub inverse_temperature: f64,
    /// Bits per group, 1 to 24. The last group has the remaining bits.
    pub group_bits: i64,
}

/// Both entropies, in nats, on the autograd graph.
#[derive(Debug)]
pub struct BitEntropy {
    /// Scalar: mean over latents of the entropy of their distribution over codes.
    pub per_sample: Tensor,
    /// Scalar: entropy of the mean distribution over codes, summed over groups of bits.
    pub codebook: Tensor,
}

impl BitEntropyConfig {
    /// The entropies of latents `[N, D]` over the codes `{-scale, scale}^D`, in the latents' dtype; zero if there are
    /// no latents.
    ///
    /// # Errors
    /// [`CoreError::Option`] if an option is invalid; [`CoreError::Shape`] if the latents are not a matrix;
    /// [`CoreError::Dtype`] or [`CoreError::NotFinite`] if they are not finite floating-point numbers.
    pub fn measure(&self, latents: &Tensor, scale: f64) -> Result<BitEntropy, CoreError> {
        const OP: &str = "BitEntropyConfig::measure";
        self.check(OP)?;
        check_scale(OP, scale)?;
        if latents.dim() != 2 {
            return Err(CoreError::Shape { op: OP, expected: "[N, D]".into(), got: latents.size() });
        }
        check_finite(OP, "latents", latents)?;
        Ok(self.entropies(latents, scale, &Mask::none()))
    }

    /// Checks every option.
    pub(crate) fn check(&self, op: &'static str) -> Result<(), CoreError> {
        check_not_negative(op, "entropy weight", self.weight)?;
        check_not_negative(op, "weight of the per-sample entropy", self.per_sample)?;
        check_not_negative(op, "weight of the codebook entropy", self.diversity_gamma)?;
        check_positive(op, "inverse temperature", self.inverse_temperature)?;
        if !(1..=MAX_GROUP_BITS).contains(&self.group_bits) {
            let expected = "groups of 1 to 24 bits for the codebook entropy".into();
            return Err(CoreError::Option { op, expected, got: self.group_bits.to_string() });
        }
        Ok(())
    }

    /// The weighted loss over the unmasked rows `[N, D]`: a scalar.
    pub(crate) fn loss(&self, rows: &Tensor, scale: f64, mask: &Mask) -> Tensor {
        if self.weight == 0.0 {
            return Tensor::zeros([], (rows.kind(), rows.device()));
        }
        let BitEntropy { per_sample, codebook } = self.entropies(rows, scale, mask);
        (per_sample * self.per_sample - codebook * self.diversity_gamma) * self.weight
    }

    fn entropies(&self, rows: &Tensor, scale: f64, mask: &Mask) -> BitEntropy {
        // The clamp does not change probabilities; it avoids 0 * infinity.
        let logits = (rows * (4.0 * self.inverse_temperature * scale)).clamp(-MAX_LOGIT, MAX_LOGIT); // [N, D]
        let weights = mask.weights(&logits); // [N]
        let per_sample = (bit_entropy(&logits).sum_dim_intlist(1, false, None::<Kind>) * &weights).sum(None::<Kind>);
        let codebook = logits
            .split(self.group_bits, 1)
            .iter()
            .map(|group| code_entropy(&mean_probabilities(group, &weights)))
            .fold(Tensor::zeros([], (rows.kind(), rows.device())), |sum, entropy| sum + entropy);
        BitEntropy { per_sample, codebook }
    }
}

/// Checks the absolute value of the elements of codes.
pub(crate) fn check_scale(op: &'static str, scale: f64) -> Result<(), CoreError> {
    // It must be a normal number in `Float`.
    if (scale as f32).is_normal() && scale > 0.0 {
        return Ok(());
    }
    Err(CoreError::Option { op, expected: "a finite scale > 0".into(), got: scale.to_string() })
}

/// Entropy of bits with probability `sigmoid(x)`, elementwise: `ln(1 + e^-|x|) + |x| sigmoid(-|x|)`.
fn bit_entropy(logits: &Tensor) -> Tensor {
    let x = logits.abs();
    &x * (-&x).sigmoid() - x.log_sigmoid()
}

/// Weighted sum over rows of the code probabilities of a group of bits `[N, g]`: `[2^(g/2), 2^(g - g/2)]`. The first
/// bit of a code is its highest.
fn mean_probabilities(logits: &Tensor, weights: &Tensor) -> Tensor {
    let bits = logits.size()[1];
    let (high, low) = (bits / 2, bits - bits / 2);
    let rows = (PROBABILITIES_AT_ONCE >> low).max(1);
    let mean = Tensor::zeros([1 << high, 1 << low], (logits.kind(), logits.device()));
    logits.split(rows, 0).iter().zip(weights.split(rows, 0)).fold(mean, |mean, (logits, weights)| {
        let first = probabilities(&logits.narrow(1, 0, high)) * weights.unsqueeze(1); // [rows, 2^high]
        mean + first.transpose(0, 1).matmul(&probabilities(&logits.narrow(1, high, low)))
    })
}

/// Code probabilities `[N, 2^h]` of bits `[N, h]`.
fn probabilities(logits: &Tensor) -> Tensor {
    let size = logits.size();
    let bits = Tensor::stack(&[(-logits).sigmoid(), logits.sigmoid()], 2); // [N, h, 2]; `1 - p` would lose precision
    let ones = Tensor::ones([size[0], 1], (logits.kind(), logits.device()));
    (0..size[1]).fold(ones, |codes, bit| (codes.unsqueeze(2) * bits.narrow(1, bit, 1)).flatten(1, 2))
}

/// `-sum p ln p`. A probability of zero adds zero and has a finite gradient.
fn code_entropy(probabilities: &Tensor) -> Tensor {
    -(probabilities * probabilities.clamp_min(f64::from(f32::MIN_POSITIVE)).log()).sum(None::<Kind>)
}
