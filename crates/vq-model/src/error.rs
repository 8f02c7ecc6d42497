//! What can go wrong in a tokenizer.

use vq_core::CoreError;

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A tensor has another shape than the operation takes.
    #[error("{op}: expected shape {expected}, got {got:?}")]
    Shape {
        /// The operation.
        op: &'static str,
        /// The shape in the letters of the crate's documentation.
        expected: String,
        /// The shape of the tensor.
        got: Vec<i64>,
    },

    /// An option has a value that makes no sense.
    #[error("{op}: expected {expected}, got {got}")]
    Option {
        /// The constructor.
        op: &'static str,
        /// What is allowed.
        expected: String,
        /// What was given.
        got: String,
    },

    /// Weights that were trained elsewhere cannot be read, or are not those of this network.
    #[error("{op}, {origin}: expected {expected}, got {got}")]
    Weights {
        /// The network.
        op: &'static str,
        /// The file or files.
        origin: String,
        /// What should be there.
        expected: String,
        /// What is there.
        got: String,
    },

    /// The quantizer refused.
    #[error(transparent)]
    Quantizer(#[from] CoreError),
}
