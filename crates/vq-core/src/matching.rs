//! How latents meet codes: the options that all quantizers with a searched codebook share.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::rows::Mask;
use crate::{
    Assignment, CommitmentConfig, CoreError, Distance, GradientEstimator, Mode, OrthogonalityConfig, SamplingConfig,
    Search, nearest_codes,
};

/// Distance, choice, gradient and losses of a quantizer that looks for codes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MatchConfig {
    /// The distance that decides which code is nearest.
    pub distance: Distance,
    /// The gradient that gets past the choice.
    pub gradient: GradientEstimator,
    /// In training, draw codes at random, the nearer the likelier.
    pub sampling: Option<SamplingConfig>,
    /// The loss between latents and codes.
    pub commitment: CommitmentConfig,
    /// A loss that spreads the codes.
    pub orthogonality: Option<OrthogonalityConfig>,
}

/// Codes of one pass, as the distance sees them.
pub(crate) struct Codes {
    /// `[K, D]`, prepared by [`Distance::prepare`].
    pub(crate) vectors: Tensor,
    /// Whether the loss pulls them.
    pub(crate) learn: bool,
}

/// Rows replaced by codes.
pub(crate) struct Matched {
    /// `[N, D]`: the values of the codes with a gradient to the latents.
    pub(crate) codes: Tensor,
    /// `[N, D]`: the same values with a gradient to the codebook.
    pub(crate) chosen: Tensor,
    /// `[N, k]`.
    pub(crate) indices: Tensor,
    /// Scalar; without the orthogonality term, which belongs to a whole codebook.
    pub(crate) loss: Tensor,
}

impl MatchConfig {
    /// Checks every option.
    pub(crate) fn check(&self, op: &'static str) -> Result<(), CoreError> {
        self.commitment.check(op)?;
        self.sampling.as_ref().map_or(Ok(()), |sampling| sampling.check(op))?;
        self.orthogonality.as_ref().map_or(Ok(()), |orthogonality| orthogonality.check(op))
    }

    /// Averages the `k` codes that each row `[N, D]` chooses.
    pub(crate) fn meet(
        &self,
        rows: &Tensor,
        codes: &Codes,
        k: i64,
        mask: &Mask,
        mode: Mode,
    ) -> Result<Matched, CoreError> {
        let indices = match &self.sampling {
            Some(sampling) if mode == Mode::Train => sampling.draw(self.distance, rows, &codes.vectors, k),
            _ => nearest_codes(rows, &codes.vectors, Search { k, distance: self.distance })?.indices,
        };
        let rows = self.distance.prepare(rows);
        let chosen = mean_of_codes(&codes.vectors, &indices);
        let loss = self.commitment.loss(&rows, &chosen, codes.learn, mask);
        Ok(Matched { codes: self.gradient.pass(&rows, &chosen), chosen, indices, loss })
    }

    /// The loss of a codebook as a whole, `[K, D]`: a scalar.
    pub(crate) fn codebook_loss(&self, vectors: &Tensor) -> Tensor {
        match &self.orthogonality {
            Some(orthogonality) => orthogonality.loss(vectors),
            None => Tensor::zeros([], (Kind::Float, vectors.device())),
        }
    }
}

/// Rows `[N, D]` beside each of the ids `[N, k]` that they were given, where `mask` counts.
pub(crate) fn assignment(distance: Distance, rows: &Tensor, indices: &Tensor, mask: &Mask) -> Assignment {
    let vectors = distance.prepare(&mask.select(rows)).detach();
    let ids = mask.select(indices); // [M, k]
    let vectors = match ids.size()[1] {
        1 => vectors,
        k => vectors.repeat([k, 1]),
    };
    Assignment { vectors, ids: ids.transpose(0, 1).reshape([-1]), distance }
}

/// Mean over the last axis of ids `[.., k]`, in the order of the ids: `[.., D]`.
///
/// Quantization and lookup share it, so that they round alike.
pub(crate) fn mean_of_codes(codebook: &Tensor, indices: &Tensor) -> Tensor {
    let k = indices.size().last().copied().unwrap_or(1);
    let picked = |j| Tensor::embedding(codebook, &indices.select(-1, j), -1, false, false);
    match k {
        1 => picked(0),
        _ => (1..k).fold(picked(0), |sum, j| sum + picked(j)) / k as f64,
    }
}
