//! Unit vectors.

use tch::{Kind, Tensor};

/// Scales vectors along the last axis to length one, in `Float` or wider; zero stays zero.
pub(crate) fn normalize(vectors: &Tensor) -> Tensor {
    let kind = if vectors.kind() == Kind::Double { Kind::Double } else { Kind::Float };
    let vectors = vectors.to_kind(kind);
    // The square is bounded away from zero, where the root has no gradient.
    let length = vectors.square().sum_dim_intlist(-1, true, kind).clamp_min(1e-16).sqrt();
    vectors / length
}
