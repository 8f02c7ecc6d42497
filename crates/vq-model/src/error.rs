//! What can go wrong in a tokenizer.

use std::path::PathBuf;

use tch::TchError;
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

    /// A file of weights cannot be read.
    #[error("{op}: expected a safetensors file at {file}, got {source}", file = file.display())]
    File {
        /// The operation.
        op: &'static str,
        /// The file.
        file: PathBuf,
        /// What the reader said.
        source: TchError,
    },

    /// A file of weights does not fit the model; nothing was loaded.
    #[error("{op}: expected {file} to hold the {expected} tensors of the model, got {}", misfits.join("; "), file = file.display())]
    Weights {
        /// The operation.
        op: &'static str,
        /// The file.
        file: PathBuf,
        /// Number of tensors of the model.
        expected: usize,
        /// Each tensor that is missing, unexpected, or of another shape.
        misfits: Vec<String>,
    },

    /// Among weights that were trained elsewhere, one is missing or of another shape.
    #[error("{op}: expected {expected} in {origin}, got {got}")]
    Tensor {
        /// The network.
        op: &'static str,
        /// The file or files.
        origin: String,
        /// The tensor.
        expected: String,
        /// What is there.
        got: String,
    },

    /// A file of weights is not the one that was asked for.
    #[error("{op}: expected {file} to have the SHA-256 {expected}, got {got}", file = file.display())]
    Hash {
        /// The network.
        op: &'static str,
        /// The file.
        file: PathBuf,
        /// The hash that was asked for.
        expected: String,
        /// The hash of the file.
        got: String,
    },

    /// A file of weights cannot be read to be hashed.
    #[error("{op}: expected to read {file}, got {source}", file = file.display())]
    Read {
        /// The network.
        op: &'static str,
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },

    /// The quantizer refused.
    #[error(transparent)]
    Quantizer(#[from] CoreError),
}
