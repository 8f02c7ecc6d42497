//! Checks of tensors and options that several files share.

use tch::{Kind, Tensor};

use crate::error::CoreError;

/// The dtypes that count as floating point, for error messages.
pub(crate) const FLOATING: &str = "Float, Double, Half or BFloat16";

/// Checks that a tensor is floating point and that all elements are finite. The error holds the position of the first
/// element that is not.
pub(crate) fn check_finite(op: &'static str, what: &'static str, tensor: &Tensor) -> Result<(), CoreError> {
    if !tensor.is_floating_point() {
        return Err(CoreError::Dtype { op, expected: FLOATING, got: format!("{:?} for {what}", tensor.kind()) });
    }
    tch::no_grad(|| {
        // One pass decides the common case. The sum of a finite tensor may still be infinite.
        if tensor.sum(Kind::Float).double_value(&[]).is_finite() {
            return Ok(());
        }
        let bad = tensor.isfinite().logical_not().nonzero(); // [bad elements, axes]
        if bad.size()[0] == 0 {
            return Ok(());
        }
        let position = Vec::<i64>::try_from(bad.select(0, 0)).unwrap_or_default();
        let got = tensor.double_value(&position);
        Err(CoreError::NotFinite { op, what, position, got })
    })
}

/// Checks an option that must be finite and at least zero.
pub(crate) fn check_not_negative(op: &'static str, what: &str, value: f64) -> Result<(), CoreError> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(CoreError::Option { op, expected: format!("a finite {what} >= 0"), got: value.to_string() })
}

/// Checks an option that must be finite and greater than zero.
pub(crate) fn check_positive(op: &'static str, what: &str, value: f64) -> Result<(), CoreError> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(CoreError::Option { op, expected: format!("a finite {what} > 0"), got: value.to_string() })
}

/// Checks the decay of a moving average, which must be in `0..1`.
pub(crate) fn check_decay(op: &'static str, what: &str, value: f64) -> Result<(), CoreError> {
    if (0.0..1.0).contains(&value) {
        return Ok(());
    }
    Err(CoreError::Option { op, expected: format!("a {what} in 0..1"), got: value.to_string() })
}
