//! Errors about options and tensors, and the checks that return them.

use std::fmt::Display;
use std::ops::Range;

use tch::{Kind, Tensor};

/// An option or a tensor that does not fit.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// A tensor has another shape than the operation takes.
    #[error("{op}: expected {what} of shape {expected}, got {got:?}")]
    Shape {
        /// The operation.
        op: &'static str,
        /// The tensor, such as `codes`.
        what: &'static str,
        /// The shape, in the letters of the crate's documentation.
        expected: String,
        /// The shape of the tensor.
        got: Vec<i64>,
    },

    /// A tensor has another dtype than the operation takes.
    #[error("{op}: expected {what} of dtype {expected}, got {got}")]
    Kind {
        /// The operation.
        op: &'static str,
        /// The tensor, such as `codes`.
        what: &'static str,
        /// The dtype that is accepted.
        expected: &'static str,
        /// The dtype of the tensor.
        got: String,
    },

    /// A number of a tensor lies outside its range.
    #[error("{op}: expected {what} in {start}..{end}, got {got}")]
    Range {
        /// The operation.
        op: &'static str,
        /// The numbers, such as `token ids`.
        what: &'static str,
        /// The smallest allowed number.
        start: i64,
        /// One more than the largest allowed number.
        end: i64,
        /// The offending number.
        got: i64,
    },

    /// An option has an invalid value.
    #[error("{op}: expected `{key}` {expected}, got {got}")]
    Option {
        /// The constructor or function.
        op: &'static str,
        /// The option's name.
        key: &'static str,
        /// The values that are allowed.
        expected: String,
        /// The value that was given.
        got: String,
    },
}

/// Checks an option.
///
/// # Errors
/// [`InputError::Option`] that names `key`, unless `holds`.
pub fn check_option(
    op: &'static str,
    key: &'static str,
    holds: bool,
    expected: &str,
    got: impl Display,
) -> Result<(), InputError> {
    match holds {
        true => Ok(()),
        false => Err(InputError::Option { op, key, expected: expected.to_owned(), got: got.to_string() }),
    }
}

/// Checks that a tensor has dtype `Int64`.
///
/// # Errors
/// [`InputError::Kind`] if it has another.
pub fn check_kind(op: &'static str, what: &'static str, numbers: &Tensor) -> Result<(), InputError> {
    match numbers.kind() {
        Kind::Int64 => Ok(()),
        kind => Err(InputError::Kind { op, what, expected: "Int64", got: format!("{kind:?}") }),
    }
}

/// Checks that all numbers of a tensor lie in a range; an empty tensor passes.
///
/// # Errors
/// [`InputError::Range`] with the smallest number, or else the largest, if it lies outside.
pub fn check_range(
    op: &'static str,
    what: &'static str,
    numbers: &Tensor,
    range: Range<i64>,
) -> Result<(), InputError> {
    if numbers.numel() == 0 {
        return Ok(());
    }
    for got in [numbers.min().int64_value(&[]), numbers.max().int64_value(&[])] {
        if !range.contains(&got) {
            return Err(InputError::Range { op, what, start: range.start, end: range.end, got });
        }
    }
    Ok(())
}
