//! Vectors of length one.

use tch::Tensor;

/// Rows `[N, D]` scaled to length one, whatever their length is; a row of zeros stays zero, and so does its gradient.
///
/// The largest element of a row is divided out first: the squares of a row like 1e30 or 1e-30 have no `Float`.
/// It may be held constant, since the result does not depend on it.
pub(crate) fn unit_rows(rows: &Tensor) -> Tensor {
    let largest = rows.detach().abs().amax([-1_i64], true); // [N, 1]
    let nothing = largest.lt(f64::from(f32::MIN_POSITIVE)); // below it, the gradient 1 / |z| has no `Float`
    let scaled = (rows / largest.masked_fill(&nothing, 1.0)).masked_fill(&nothing, 0.0);
    // At least 1, but for the rows of zeros.
    let length = scaled.norm_scalaropt_dim(2.0, [-1_i64], true).clamp_min(1.0);
    scaled / length
}
