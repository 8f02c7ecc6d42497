//! How far a vector is from a code.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::unit::unit_rows;

/// The distance that decides which code is nearest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Distance {
    /// Squared Euclidean distance, `|z - e|^2`.
    #[default]
    L2,
    /// `1 - cos(z, e)`, as in ViT-VQGAN (arXiv 2110.04627, section 3.2); a vector of zeros is at distance 1 of all.
    ///
    /// A quantizer that measures so works with unit vectors: its codes are the normalized ones.
    Cosine,
}

impl Distance {
    /// Rows `[.., D]` as the distance sees them: as they are, or of length one. A row of zeros stays zero.
    pub(crate) fn prepare(self, rows: &Tensor) -> Tensor {
        match self {
            Self::L2 => rows.shallow_clone(),
            Self::Cosine => unit_rows(rows),
        }
    }

    /// Distances between all rows `[N, D]` and all codes `[K, D]`, prepared: `[N, K]`.
    pub(crate) fn matrix(self, rows: &Tensor, codes: &Tensor) -> Tensor {
        let dots = rows.matmul(&codes.transpose(0, 1)); // [N, K]
        match self {
            Self::Cosine => 1.0 - dots,
            Self::L2 => {
                let squares = |matrix: &Tensor| matrix.square().sum_dim_intlist(1, false, None::<Kind>);
                (squares(rows).unsqueeze(1) + squares(codes) - dots * 2.0).clamp_min(0.0)
            }
        }
    }
}
