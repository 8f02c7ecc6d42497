//! The loss of ids.

use tch::{Kind, Reduction, Tensor};

/// The loss of a batch.
#[derive(Debug)]
pub struct GeneratorLoss {
    /// Scalar: cross-entropy of an id, label-smoothed if configured, mean over the predicted ids.
    pub loss: Tensor,
    /// Scalar without gradient: cross-entropy without smoothing, in nats per id; its exponential is the perplexity.
    pub negative_log_likelihood: Tensor,
    /// `[S]`, without gradient: the same for each slot, zero for a slot of which no id was predicted.
    /// The sum is in nats per position if all ids are predicted.
    pub slots: Tensor,
    /// `[S]`, `Int64`: the number of predicted ids, the weight of this batch in a mean over batches.
    pub counts: Tensor,
}

/// Sums of the loss, slot by slot.
pub(crate) struct LossSums {
    smoothing: f64,
    losses: Vec<Tensor>,
    entropies: Vec<Tensor>,
    counts: Vec<i64>,
}

impl LossSums {
    pub(crate) fn new(smoothing: f64) -> Self {
        Self { smoothing, losses: Vec::new(), entropies: Vec::new(), counts: Vec::new() }
    }

    /// Adds scores `[n, V]` of the next slot and the target ids, `[n]`, minus the first code of the slot.
    pub(crate) fn add(&mut self, scores: &Tensor, targets: &Tensor) {
        let sum = |scores: &Tensor, smoothing| {
            scores.cross_entropy_loss(targets, None::<Tensor>, Reduction::Sum, -100, smoothing)
        };
        let loss = sum(scores, self.smoothing);
        let plain = if self.smoothing == 0.0 { loss.detach() } else { sum(&scores.detach(), 0.0) };
        self.losses.push(loss);
        self.entropies.push(plain);
        self.counts.push(targets.numel() as i64);
    }

    pub(crate) fn finish(self) -> GeneratorLoss {
        let entropies = Tensor::stack(&self.entropies, 0);
        let counts = Tensor::from_slice(&self.counts).to_device(entropies.device());
        let total = self.counts.iter().sum::<i64>().max(1) as f64;
        GeneratorLoss {
            loss: Tensor::stack(&self.losses, 0).sum(entropies.kind()) / total,
            negative_log_likelihood: entropies.sum(entropies.kind()) / total,
            slots: entropies / counts.clamp_min(1),
            counts,
        }
    }
}

/// Log-probabilities of ids `[..]`, minus the first code of their slot, under scores `[.., V]`.
pub(crate) fn gather_log_probabilities(scores: &Tensor, targets: &Tensor) -> Tensor {
    scores.log_softmax(-1, scores.kind()).gather(-1, &targets.unsqueeze(-1), false).squeeze_dim(-1)
}

impl GeneratorLoss {
    /// Perplexity of an id.
    pub fn perplexity(&self) -> f64 {
        self.negative_log_likelihood.to_kind(Kind::Double).double_value(&[]).exp()
    }
}
