//! Errors of this crate.

use tch::TchError;

/// Why a metric cannot take an input or give a figure.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// Two batches differ in shape or are not images.
    #[error("{op}: expected two batches of images of one shape, {expected}, got {images:?} and {references:?}")]
    Shape {
        /// The operation.
        op: &'static str,
        /// The shape that the operation takes.
        expected: &'static str,
        /// Shape of the images.
        images: Vec<i64>,
        /// Shape of the references.
        references: Vec<i64>,
    },

    /// A caption comes without references.
    #[error("{op}: expected a reference or more, got none")]
    NoReference {
        /// The operation.
        op: &'static str,
    },

    /// An input has the wrong shape, dtype or values, does not fit earlier ones, or there is too little of it.
    #[error("{op}: expected {expected}, got {got}")]
    Input {
        /// The operation.
        op: &'static str,
        /// What the operation takes.
        expected: String,
        /// What was found.
        got: String,
    },

    /// A key of a configuration is outside its range.
    #[error("{op}: {key}: expected {expected}, got {got}")]
    Config {
        /// The check.
        op: &'static str,
        /// The key.
        key: &'static str,
        /// The range.
        expected: String,
        /// The value.
        got: String,
    },

    /// A file of synonyms cannot be read.
    #[error("{file}: expected an index of WordNet, got {got}")]
    Synonyms {
        /// The file.
        file: String,
        /// What was found.
        got: String,
    },

    /// libtorch failed to decompose a matrix.
    #[error("FrechetDistance::compute: expected eigenvalues and singular values, got {source}")]
    Decomposition {
        /// libtorch's reason.
        source: TchError,
    },
}

impl EvalError {
    /// An [`EvalError::Input`].
    pub(crate) fn input(op: &'static str, expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self::Input { op, expected: expected.into(), got: got.into() }
    }
}
