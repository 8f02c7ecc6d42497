//! Errors of this crate.

use std::path::PathBuf;

use tch::TchError;
use vq_core::CoreError;

/// Why a network cannot be built, filled or applied.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A tensor does not have the shape that the operation takes.
    #[error("{op}: expected shape {expected}, got {got:?}")]
    Shape {
        /// The operation.
        op: &'static str,
        /// The shape in the letters of the crate's documentation.
        expected: String,
        /// The shape of the tensor.
        got: Vec<i64>,
    },

    /// An option is outside its range.
    #[error("{op}: expected {expected}, got {got}")]
    Option {
        /// The constructor.
        op: &'static str,
        /// The range.
        expected: String,
        /// The value.
        got: String,
    },

    /// A file of weights cannot be read.
    #[error("{op}: expected a safetensors file at {file}, got {source}", file = file.display())]
    File {
        /// The operation.
        op: &'static str,
        /// The file.
        file: PathBuf,
        /// The reader's reason.
        source: TchError,
    },

    /// A file of weights does not fit the model, which was left unchanged.
    #[error("{op}: expected {file} to hold the {expected} tensors of the model, got {}", misfits.join("; "), file = file.display())]
    Weights {
        /// The operation.
        op: &'static str,
        /// The file.
        file: PathBuf,
        /// Number of tensors of the model.
        expected: usize,
        /// Every tensor that is missing, is unknown, or has another shape or dtype.
        misfits: Vec<String>,
    },

    /// A tensor of a pre-trained network is missing or has another shape.
    #[error("{op}: expected {expected} in {origin}, got {got}")]
    Tensor {
        /// The network.
        op: &'static str,
        /// The file or files.
        origin: String,
        /// The tensor.
        expected: String,
        /// What was found.
        got: String,
    },

    /// A file of weights does not have the expected hash.
    #[error("{op}: expected {file} to have the SHA-256 {expected}, got {got}", file = file.display())]
    Hash {
        /// The network.
        op: &'static str,
        /// The file.
        file: PathBuf,
        /// The expected hash.
        expected: String,
        /// The hash of the file.
        got: String,
    },

    /// The bytes of a file of weights cannot be read.
    #[error("{op}: expected to read {file}, got {source}", file = file.display())]
    Read {
        /// The network.
        op: &'static str,
        /// The file.
        file: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },

    /// The quantizer failed.
    #[error(transparent)]
    Quantizer(#[from] CoreError),
}
