//! The entropy terms of quantizers whose codes are bits.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::CoreError;
use crate::finite::check_finite;
use crate::rows::Mask;

/// Of a group of this many bits, all codes' probabilities take 64 MiB.
const MOST_GROUP_BITS: i64 = 24;

/// At most this many probabilities of half groups are made at once (16 MiB).
const PROBABILITIES_AT_ONCE: i64 = 1 << 22;

/// A bit whose odds are `exp(1000)` is certain, in `Float` and in `Double`.
const CERTAIN: f64 = 1000.0;

/// Entropy terms of LFQ (arXiv 2310.05737, section 3.1) and BSQ (arXiv 2406.07548, section 4), exactly, and without
/// the `N x 2^D` matrix of probabilities.
///
/// A latent `z` of `D` channels chooses a code `c` of `{-s, s}^D` with probability proportional to
/// `exp(-t |z - c|^2)`, `t` being [`inverse_temperature`](Self::inverse_temperature).
/// Only `2 t z.c` depends on the code, so that each bit is chosen by itself: it is set with probability
/// `sigmoid(4 t s z_d)`.
///
/// * The per-sample entropy is the mean over latents of the entropy of that choice, which is a sum over the bits:
///   `O(N D)`. Low means that latents are near to codes.
/// * The codebook entropy is the entropy of the mean over latents of the probabilities. High means that codes are used
///   alike. Bits are taken in groups of [`group_bits`](Self::group_bits) neighbours, and the groups' entropies are
///   summed: with one group of all bits it is LFQ's term, with more of them BSQ's approximation from above.
///   The mean over `2^g` codes of a group is one product of two matrices that hold the probabilities of half a group
///   each: `N x 2^(g/2)` numbers, not `N x 2^g`.
///
/// Entropies are in nats. The loss is `weight * (per_sample * E[H(p)] - diversity_gamma * H(E[p]))`: it may be
/// negative.
///
/// vector-quantize-pytorch takes the logarithm of no probability below 1e-5, so that its codebook entropy is too low
/// where there are more than some tens of thousands of codes; and given a mask, it takes no mean over the batch.
/// Neither is so here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BitEntropyConfig {
    /// Weight of both terms together; zero switches them off (`entropy_loss_weight` of vector-quantize-pytorch, zeta
    /// of BSQ).
    pub weight: f64,
    /// Weight of the per-sample entropy, which is to be low (1 in LFQ, `gamma0` in BSQ's code).
    pub per_sample: f64,
    /// Weight of the codebook entropy, which is to be high (gamma of BSQ).
    pub diversity_gamma: f64,
    /// `t` above: `inv_temperature` of vector-quantize-pytorch and of BSQ's code, half of the factor of `u.c`.
    pub inverse_temperature: f64,
    /// Bits whose joint distribution is taken, 1 to 24; the last group takes what is left.
    pub group_bits: i64,
}

/// Both entropies, in nats, on the autograd graph.
#[derive(Debug)]
pub struct BitEntropy {
    /// Scalar: mean over latents of the entropy of their choice of a code.
    pub per_sample: Tensor,
    /// Scalar: entropy of the codes' mean probabilities, summed over groups of bits.
    pub codebook: Tensor,
}

impl BitEntropyConfig {
    /// The entropies of latents `[N, D]` over the codes `{-scale, scale}^D`, of the latents' kind; zero if there are
    /// no latents.
    ///
    /// # Errors
    /// [`CoreError::Option`] if an option makes no sense; [`CoreError::Shape`] if the latents are no matrix;
    /// [`CoreError::Kind`] or [`CoreError::NotFinite`] if they are no finite floating-point numbers.
    pub fn measure(&self, latents: &Tensor, scale: f64) -> Result<BitEntropy, CoreError> {
        const OP: &str = "BitEntropyConfig::measure";
        self.check(OP)?;
        check_scale(OP, scale)?;
        if latents.dim() != 2 {
            return Err(CoreError::Shape { op: OP, expected: "[N, D]".into(), got: latents.size() });
        }
        check_finite(OP, "latents", latents)?;
        let everything = Mask::new(OP, None, latents)?;
        Ok(self.entropies(latents, scale, &everything))
    }

    /// Checks every option.
    pub(crate) fn check(&self, op: &'static str) -> Result<(), CoreError> {
        let refuse = |expected: &str, got: String| Err(CoreError::Option { op, expected: expected.to_owned(), got });
        for weight in [self.weight, self.per_sample, self.diversity_gamma] {
            if !(weight.is_finite() && weight >= 0.0) {
                return refuse("finite entropy weights >= 0", weight.to_string());
            }
        }
        if !(self.inverse_temperature.is_finite() && self.inverse_temperature > 0.0) {
            return refuse("a finite inverse temperature > 0", self.inverse_temperature.to_string());
        }
        if !(1..=MOST_GROUP_BITS).contains(&self.group_bits) {
            return refuse("groups of 1 to 24 bits for the codebook entropy", self.group_bits.to_string());
        }
        Ok(())
    }

    /// The weighted loss over the rows `[N, D]` that count: a scalar.
    pub(crate) fn loss(&self, rows: &Tensor, scale: f64, mask: &Mask) -> Tensor {
        if self.weight == 0.0 {
            return Tensor::zeros([], (rows.kind(), rows.device()));
        }
        let BitEntropy { per_sample, codebook } = self.entropies(rows, scale, mask);
        (per_sample * self.per_sample - codebook * self.diversity_gamma) * self.weight
    }

    fn entropies(&self, rows: &Tensor, scale: f64, mask: &Mask) -> BitEntropy {
        // Beyond what is certain nothing changes, but 0 * infinity would lie in wait.
        let logits = (rows * (4.0 * self.inverse_temperature * scale)).clamp(-CERTAIN, CERTAIN); // [N, D]
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

/// Checks the distance of codes from zero.
pub(crate) fn check_scale(op: &'static str, scale: f64) -> Result<(), CoreError> {
    // It has to be a number in `Float`, too.
    if (scale as f32).is_normal() && scale > 0.0 {
        return Ok(());
    }
    Err(CoreError::Option { op, expected: "a finite scale > 0".into(), got: scale.to_string() })
}

/// Entropy of bits that are set with probability `sigmoid(x)`, elementwise: `ln(1 + e^-|x|) + |x| sigmoid(-|x|)`.
fn bit_entropy(logits: &Tensor) -> Tensor {
    let odds = logits.abs();
    &odds * (-&odds).sigmoid() - odds.log_sigmoid()
}

/// Weighted sum over rows of the probabilities of the codes of bits `[N, g]`: `[2^(g/2), 2^(g - g/2)]`, the first bit
/// of a code being its highest.
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

/// Probabilities `[N, 2^h]` of the codes of bits `[N, h]`.
fn probabilities(logits: &Tensor) -> Tensor {
    let size = logits.size();
    let choice = Tensor::stack(&[(-logits).sigmoid(), logits.sigmoid()], 2); // [N, h, 2], none as 1 - p: that rounds
    let certain = Tensor::ones([size[0], 1], (logits.kind(), logits.device()));
    (0..size[1]).fold(certain, |codes, bit| (codes.unsqueeze(2) * choice.narrow(1, bit, 1)).flatten(1, 2))
}

/// `-sum p ln p`; a probability of zero adds nothing, and has a finite gradient.
fn code_entropy(probabilities: &Tensor) -> Tensor {
    -(probabilities * probabilities.clamp_min(f64::from(f32::MIN_POSITIVE)).log()).sum(None::<Kind>)
}
