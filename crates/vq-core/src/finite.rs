//! Numbers that are numbers.

use tch::{Kind, Tensor};

use crate::CoreError;

/// Checks that a tensor holds floating-point numbers, none of them NaN or infinite; the error says where the first is.
pub(crate) fn check_finite(op: &'static str, what: &'static str, tensor: &Tensor) -> Result<(), CoreError> {
    if !tensor.is_floating_point() {
        let expected = "Float, Double, Half or BFloat16";
        return Err(CoreError::Kind { op, expected, got: format!("{:?} for {what}", tensor.kind()) });
    }
    tch::no_grad(|| {
        // One pass is enough where all is well; a finite tensor may still have an infinite sum.
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
