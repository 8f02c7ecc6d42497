//! Errors of generation.

use vq_core::CoreError;
use vq_nn::InputError;

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// An option or a tensor does not fit.
    #[error(transparent)]
    Input(#[from] InputError),

    /// Ids do not fit the layout of their slots.
    #[error(transparent)]
    Ids(#[from] CoreError),

    /// A condition is not of the kind that the generator was built for.
    #[error("{op}: expected a condition of kind {expected} or none, got {got}")]
    Condition {
        /// The operation.
        op: &'static str,
        /// The kind that is accepted.
        expected: &'static str,
        /// The kind that was given.
        got: &'static str,
    },

    /// The scores are NaN or all infinite, as they are after a training that diverged.
    #[error("{op}: expected finite scores of ids, got {got} for image {image}")]
    NotFinite {
        /// The operation.
        op: &'static str,
        /// The image in its batch, from 0.
        image: usize,
        /// The number found.
        got: f64,
    },
}
