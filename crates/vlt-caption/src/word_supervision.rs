//! Words of a caption that have a code shall find it somewhere in the image.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::CaptionError;
use crate::config::check_option;
use crate::decoder::{check_kind, check_range};

/// Options of [`WordSupervisionConfig::loss`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WordSupervisionConfig {
    /// The weight of the term; 0.01 by default.
    pub weight: f64,
    /// Divides the squared distances of latents to codes; 1 by default.
    pub temperature: f64,
    /// The exponent of the mean over positions: 1 is the mean of their probabilities, much is their largest; 8 by
    /// default.
    pub sharpness: f64,
    /// Codes whose distances are held at a time; 1024 by default.
    pub chunk: i64,
}

impl Default for WordSupervisionConfig {
    fn default() -> Self {
        Self { weight: 0.01, temperature: 1.0, sharpness: 8.0, chunk: 1024 }
    }
}

/// The words of captions that are codes of one group.
#[derive(Debug)]
pub struct WantedCodes {
    /// The codes of the group, as rows of the codebook.
    pub group: Range<i64>,
    /// `[B, N]`, `Int64`: ids of the group that each image should hold, each once, then -1.
    pub ids: Tensor,
}

/// Latents and codes whose distances give a loss and its gradients.
struct Parts {
    /// `[B, P, D]`.
    rows: Tensor,
    /// `[codes of the group, D]`.
    codes: Tensor,
    /// `[B, N]`, counted in the group; 0 where none is wanted.
    wanted: Tensor,
    /// `[B, N]`, one where a code is wanted, divided by how many are.
    share: Tensor,
}

/// A loss and its gradients.
struct Slope {
    loss: Tensor,
    rows: Tensor,
    codes: Tensor,
}

impl WordSupervisionConfig {
    /// Checks every option.
    ///
    /// # Errors
    /// [`CaptionError::Option`] with the key of the first that makes no sense.
    pub fn check(&self) -> Result<(), CaptionError> {
        const OP: &str = "WordSupervisionConfig";
        let weight = self.weight;
        check_option(OP, "weight", weight.is_finite() && weight >= 0.0, "to be finite and 0 or more", weight)?;
        for (key, value) in [("temperature", self.temperature), ("sharpness", self.sharpness)] {
            check_option(OP, key, value.is_finite() && value > 0.0, "to be finite and positive", value)?;
        }
        check_option(OP, "chunk", self.chunk >= 1, "to be positive", self.chunk)
    }

    /// The weighted term: a scalar with gradients to latents and codebook.
    ///
    /// `latents`, `[B, D, H, W]`, are the group's channels; `codebook` is `[K, D]`. With the probability
    /// `q(p, c) = softmax_c(-|z_p - e_c|^2 / temperature)` among the codes of the group, a wanted code costs
    /// `-log (mean_p q(p, c)^sharpness)^(1 / sharpness)`: it has to be likely somewhere (multiple-instance learning,
    /// our own). The term is the mean over all wanted codes of the batch, zero if there are none.
    ///
    /// Memory grows with `P * max(N, chunk)`, never with `P * K`: the gradients are summed by hand, chunk by chunk, and
    /// the loss carries them as a linear function. So it can be differentiated once, not twice.
    ///
    /// # Errors
    /// [`CaptionError::Shape`], [`CaptionError::Kind`] or [`CaptionError::Range`] if something does not fit.
    pub fn loss(&self, latents: &Tensor, codebook: &Tensor, wanted: &WantedCodes) -> Result<Tensor, CaptionError> {
        const OP: &str = "WordSupervisionConfig::loss";
        self.check()?;
        let shape = |what, expected, got| Err(CaptionError::Shape { op: OP, what, expected, got });
        let [size, width] = match codebook.size()[..] {
            [size, width] => [size, width],
            _ => return shape("codebook", "[K, D]".to_owned(), codebook.size()),
        };
        let images = match latents.size()[..] {
            [images, channels, height, columns] if channels == width && height * columns >= 1 => images,
            _ => return shape("latents", format!("[B, {width}, H, W]"), latents.size()),
        };
        let WantedCodes { group, ids } = wanted;
        let inside = 0 <= group.start && group.start < group.end && group.end <= size;
        check_option(OP, "group", inside, &format!("to be codes in 0..{size}"), format!("{group:?}"))?;
        if !matches!(ids.size()[..], [batch, _] if batch == images) {
            return shape("ids", format!("[{images}, N]"), ids.size());
        }
        check_kind(OP, "ids", ids)?;
        let named = ids.ge(0);
        check_range(OP, "ids", &ids.where_scalarother(&named, group.start), group.clone())?;
        check_range(OP, "ids", ids, -1..group.end)?;

        let rows = latents.flatten(2, 3).transpose(1, 2).to_kind(Kind::Float);
        let codes = codebook.narrow(0, group.start, group.end - group.start).to_kind(Kind::Float);
        let slope = tch::no_grad(|| {
            let count = named.sum(Kind::Int64).clamp_min(1);
            self.slope(&Parts {
                rows: rows.detach(),
                codes: codes.detach(),
                wanted: (ids - group.start).where_scalarother(&named, 0),
                share: named.to_kind(Kind::Float) / count,
            })
        });
        let carrier = (rows * slope.rows).sum(Kind::Float) + (codes * slope.codes).sum(Kind::Float);
        Ok((&slope.loss + &carrier - carrier.detach()) * self.weight)
    }

    /// Loss and gradients, off the graph.
    fn slope(&self, parts: &Parts) -> Slope {
        let Parts { rows, codes, wanted, share } = parts;
        let [images, positions, width] = [rows.size()[0], rows.size()[1], rows.size()[2]];
        let count = codes.size()[0];
        let chunks: Vec<Tensor> = (0..count)
            .step_by(self.chunk as usize)
            .map(|start| codes.narrow(0, start, self.chunk.min(count - start)))
            .collect();
        let normalizer = chunks
            .iter()
            .map(|chunk| self.scores(rows, chunk).logsumexp(-1, false))
            .reduce(|sum, next| sum.logaddexp(&next))
            .unwrap_or_else(|| Tensor::zeros([images, positions], (Kind::Float, rows.device()))); // [B, P]

        let own = codes.index_select(0, &wanted.flatten(0, 1)).view([images, -1, width]); // [B, N, D]
        let log_q = self.scores(rows, &own) - normalizer.unsqueeze(2); // [B, P, N]
        let sharp = log_q * self.sharpness;
        let means = (sharp.logsumexp(1, false) - (positions as f64).ln()) / self.sharpness; // [B, N]
        let loss = -(means * share).sum(Kind::Float);

        // What the loss gains from the score of a wanted code at a position, and from the position's normalizer.
        let by_score = -sharp.softmax(1, Kind::Float) * share.unsqueeze(1); // [B, P, N]
        let by_normalizer = -by_score.sum_dim_intlist(2, true, Kind::Float); // [B, P, 1]

        // A score is -|z - e|^2 / t, so its slope is 2 (e - z) / t in z and 2 (z - e) / t in e.
        let mut to_rows = pull(&by_score, &own, rows);
        let own_pull = pull(&by_score.transpose(1, 2), rows, &own); // [B, N, D]
        let wanted_pull = codes.zeros_like().index_add(0, &wanted.flatten(0, 1), &own_pull.flatten(0, 1));
        let mut parts = Vec::with_capacity(chunks.len());
        for chunk in &chunks {
            let weights = (self.scores(rows, chunk) - normalizer.unsqueeze(2)).exp() * &by_normalizer; // [B, P, k]
            let flat = weights.flatten(0, 1); // [B * P, k]
            to_rows += pull(&flat, chunk, &rows.flatten(0, 1)).view_as(rows);
            parts.push(pull(&flat.tr(), &rows.flatten(0, 1), chunk)); // [k, D]
        }
        let to_codes = wanted_pull + Tensor::cat(&parts, 0);
        let scale = 2.0 / self.temperature;
        Slope { loss, rows: to_rows * scale, codes: to_codes * scale }
    }

    /// `-|z - e|^2 / temperature` of rows `[B, P, D]` and codes `[k, D]` or `[B, k, D]`: `[B, P, k]`.
    fn scores(&self, rows: &Tensor, codes: &Tensor) -> Tensor {
        let norms = |vectors: &Tensor| vectors.square().sum_dim_intlist(-1, false, Kind::Float);
        let products = rows.matmul(&codes.transpose(-2, -1));
        (products * 2.0 - norms(rows).unsqueeze(-1) - norms(codes).unsqueeze(-2)) / self.temperature
    }
}

/// `sum_j w_ij (b_j - a_i)`: where weights `[.., i, j]` pull vectors `a` to vectors `b`.
fn pull(weights: &Tensor, b: &Tensor, a: &Tensor) -> Tensor {
    weights.matmul(b) - a * weights.sum_dim_intlist(-1, true, Kind::Float)
}
