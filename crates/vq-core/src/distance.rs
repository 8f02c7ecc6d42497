//! Distances between vectors and codes.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

/// The distance by which the nearest code is chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Distance {
    /// Squared Euclidean distance, `|z - e|^2`.
    #[default]
    L2,
    /// `1 - cos(z, e)`, as in ViT-VQGAN (arXiv 2110.04627, section 3.2). A zero vector has distance 1 from all codes.
    ///
    /// A quantizer with this distance works on normalized vectors, and the codes that it returns are normalized.
    Cosine,
}

impl Distance {
    /// Rows `[.., D]`, normalized to length one for [`Distance::Cosine`]. A zero row stays zero.
    pub(crate) fn prepare(self, rows: &Tensor) -> Tensor {
        match self {
            Self::L2 => rows.shallow_clone(),
            Self::Cosine => normalize_rows(rows),
        }
    }

    /// Distances between all rows `[N, D]` and all codes `[K, D]`, both prepared: `[N, K]`.
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

/// Rows `[N, D]` normalized to length one, for any finite length. A zero row stays zero, and so does its gradient.
///
/// Each row is first divided by its largest absolute value, because the squares of elements like 1e30 or 1e-30 are
/// outside the range of `Float`. That value is detached: the result does not depend on it.
pub(crate) fn normalize_rows(rows: &Tensor) -> Tensor {
    let largest = rows.detach().abs().amax([-1_i64], true); // [N, 1]
    let zero = largest.lt(f64::from(f32::MIN_POSITIVE)); // below it, the gradient 1 / |z| overflows `Float`
    let scaled = (rows / largest.masked_fill(&zero, 1.0)).masked_fill(&zero, 0.0);
    // The norm is at least 1 for every row that is not zero.
    let norm = scaled.norm_scalaropt_dim(2.0, [-1_i64], true).clamp_min(1.0);
    scaled / norm
}
