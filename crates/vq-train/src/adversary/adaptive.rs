//! The balance between two terms by their gradients.

use tch::{Kind, Tensor};

use crate::TrainError;

/// Added to the length that divides.
const DELTA: f64 = 1e-4;
/// The most that the generator's term is raised.
const MOST: f64 = 1e4;

/// `clamp(|grad nll| / (|grad g| + 1e-4), 0, 1e4)`, a scalar without gradient (VQGAN, arXiv 2012.09841, equation 7; delta
/// and bounds as in taming-transformers).
///
/// Both are gradients at one weight, of any shape.
pub(super) fn adaptive_weight(nll: &Tensor, generator: &Tensor) -> Tensor {
    let length = |gradient: &Tensor| gradient.to_kind(Kind::Float).norm();
    (length(nll) / (length(generator) + DELTA)).clamp(0.0, MOST)
}

/// The gradient of the scalar `loss` at `at`, of its shape, without gradients of its own; zeros where it has no part in it.
///
/// The graph of `loss` stays.
pub(super) fn gradient_at(loss: &Tensor, at: &Tensor) -> Result<Tensor, TrainError> {
    if !loss.requires_grad() {
        return Ok(at.zeros_like().detach());
    }
    let gradient = Tensor::f_run_backward(&[loss], &[at], true, false)?.swap_remove(0);
    Ok(if gradient.defined() { gradient } else { at.zeros_like().detach() })
}

/// A scalar with the value of `value` whose gradient at `at` is `gradient`.
pub(super) fn with_gradient(value: &Tensor, at: &Tensor, gradient: &Tensor) -> Tensor {
    let carrier = (at * gradient).sum(Kind::Float);
    &carrier - carrier.detach() + value.detach()
}
