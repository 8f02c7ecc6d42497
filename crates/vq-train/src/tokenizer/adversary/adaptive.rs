//! The balance of two loss terms by their gradients.

use tch::{Kind, Tensor};

use crate::TrainError;

/// Added to the norm in the denominator.
const DELTA: f64 = 1e-4;
/// The upper bound of the adaptive weight.
const MAX_WEIGHT: f64 = 1e4;

/// `clamp(|grad nll| / (|grad g| + 1e-4), 0, 1e4)`, a scalar without gradient (VQGAN, arXiv 2012.09841, equation 7;
/// delta and bounds as in taming-transformers).
///
/// Both are gradients at one weight, of any shape.
pub(super) fn adaptive_weight(nll: &Tensor, generator: &Tensor) -> Tensor {
    let norm = |gradient: &Tensor| gradient.to_kind(Kind::Float).norm();
    (norm(nll) / (norm(generator) + DELTA)).clamp(0.0, MAX_WEIGHT)
}

/// The gradient of the scalar `loss` at `at`, of its shape, without gradients of its own; zeros if the loss does not
/// depend on it.
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
