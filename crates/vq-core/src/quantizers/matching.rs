//! Matching of latents with codes, shared by all quantizers that search a codebook.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::gradient::GradientEstimator;
use crate::contract::{Assignment, Mode};
use crate::distance::Distance;
use crate::error::CoreError;
use crate::losses::{CommitmentConfig, OrthogonalityConfig};
use crate::mask::Mask;
use crate::search::{SamplingConfig, SearchConfig, nearest_codes};

/// Distance, sampling, gradient and losses of a quantizer that searches a codebook.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MatchConfig {
    /// The distance by which the nearest code is chosen.
    pub distance: Distance,
    /// The gradient estimator from codes to latents.
    pub gradient: GradientEstimator,
    /// In training, sample codes by distance instead of taking the nearest; off if not set.
    pub sampling: Option<SamplingConfig>,
    /// Codebook and commitment loss.
    pub commitment: CommitmentConfig,
    /// A loss that spreads the codes; off if not set.
    pub orthogonality: Option<OrthogonalityConfig>,
}

/// Codes of one pass.
pub(super) struct Codes {
    /// `[K, D]`, prepared by [`Distance::prepare`].
    pub(super) vectors: Tensor,
    /// Whether the loss has a codebook term.
    pub(super) learn: bool,
}

/// Rows matched with codes.
pub(super) struct Match {
    /// `[N, D]`, the codes with a gradient to the latents.
    pub(super) codes: Tensor,
    /// `[N, D]`, the same values with a gradient to the codebook.
    pub(super) live: Tensor,
    /// `[N, k]`, the ids.
    pub(super) indices: Tensor,
    /// Scalar, without the orthogonality term, which belongs to the codebook as a whole.
    pub(super) loss: Tensor,
}

impl MatchConfig {
    /// Checks every option.
    pub(super) fn check(&self, op: &'static str) -> Result<(), CoreError> {
        self.commitment.check(op)?;
        self.sampling.as_ref().map_or(Ok(()), |sampling| sampling.check(op))?;
        self.orthogonality.as_ref().map_or(Ok(()), |orthogonality| orthogonality.check(op))
    }

    /// Matches each row `[N, D]` with the mean of its `k` codes.
    pub(super) fn match_codes(
        &self,
        rows: &Tensor,
        codes: &Codes,
        k: i64,
        mask: &Mask,
        mode: Mode,
    ) -> Result<Match, CoreError> {
        let indices = match &self.sampling {
            Some(sampling) if mode == Mode::Train => sampling.sample(self.distance, rows, &codes.vectors, k),
            _ => nearest_codes(rows, &codes.vectors, SearchConfig { k, distance: self.distance })?.indices,
        };
        let rows = self.distance.prepare(rows);
        let live = mean_of_codes(&codes.vectors, &indices);
        let loss = self.commitment.loss(&rows, &live, codes.learn, mask);
        Ok(Match { codes: self.gradient.apply(&rows, &live), live, indices, loss })
    }

    /// The loss of the codebook as a whole, `[K, D]`: a scalar.
    pub(super) fn codebook_loss(&self, vectors: &Tensor) -> Tensor {
        match &self.orthogonality {
            Some(orthogonality) => orthogonality.loss(vectors),
            None => Tensor::zeros([], (Kind::Float, vectors.device())),
        }
    }
}

/// Pairs each unmasked row `[N, D]` with each of its ids `[N, k]`.
pub(super) fn assignment(distance: Distance, rows: &Tensor, indices: &Tensor, mask: &Mask) -> Assignment {
    let vectors = distance.prepare(&mask.select(rows)).detach();
    let ids = mask.select(indices); // [M, k]
    let vectors = match ids.size()[1] {
        1 => vectors,
        k => vectors.repeat([k, 1]),
    };
    Assignment { vectors, ids: ids.transpose(0, 1).reshape([-1]), distance }
}

/// Mean of the codes of ids `[.., k]`, added in the order of the ids: `[.., D]`.
///
/// Quantization and lookup share this function, so that they round alike.
pub(super) fn mean_of_codes(codebook: &Tensor, indices: &Tensor) -> Tensor {
    let k = indices.size().last().copied().unwrap_or(1);
    let picked = |j| Tensor::embedding(codebook, &indices.select(-1, j), -1, false, false);
    match k {
        1 => picked(0),
        _ => (1..k).fold(picked(0), |sum, j| sum + picked(j)) / k as f64,
    }
}
