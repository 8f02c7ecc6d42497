//! Checks that several metrics share.

use tch::{Kind, Tensor};

use crate::EvalError;

/// Checks two batches `[B, 3, H, W]` with `H, W >= side`.
pub(crate) fn check_pair(
    op: &'static str,
    expected: &'static str,
    side: i64,
    images: &Tensor,
    references: &Tensor,
) -> Result<(), EvalError> {
    let (images, references) = (images.size(), references.size());
    match images[..] {
        [_, 3, height, width] if images == references && height >= side && width >= side => Ok(()),
        _ => Err(EvalError::Shape { op, expected, images, references }),
    }
}

/// Checks that no pixel of two batches `[B, ..]` is NaN. Infinite pixels pass: callers clamp them.
pub(crate) fn check_not_nan(op: &'static str, images: &Tensor, references: &Tensor) -> Result<(), EvalError> {
    let nan = images.isnan().logical_or(&references.isnan()).flatten(1, -1).any_dim(1, false); // [B]
    if !bool::try_from(nan.any()).unwrap_or(true) {
        return Ok(());
    }
    let first = nan.to_kind(Kind::Int64).argmax(0, false).int64_value(&[]);
    Err(EvalError::input(op, "pixels that are numbers", format!("NaN in image {first} of the batch")))
}

/// Checks that a whole number of a configuration is at least `least`.
pub(crate) fn check_at_least(op: &'static str, key: &'static str, got: usize, least: usize) -> Result<(), EvalError> {
    if got >= least {
        return Ok(());
    }
    Err(EvalError::Config { op, key, expected: format!("{least} or more"), got: got.to_string() })
}
