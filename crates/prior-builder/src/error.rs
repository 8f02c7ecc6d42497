//! Errors of this crate.

use std::path::PathBuf;

use codebook_prior::PriorError;
use vq_file::FileError;

/// A corpus, word list or language model that cannot be read, or a prior that cannot be built.
///
/// Messages have the form `{where}: expected {expected}, got {got}` and name the file with its tensor or line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A file cannot be read or is not of its format.
    #[error(transparent)]
    File(#[from] FileError),
    /// The words, edges and vectors do not make a prior.
    #[error(transparent)]
    Prior(#[from] PriorError),
    /// A JSON text is not of the expected form.
    #[error("{file}: expected {expected}, got {source}")]
    Json {
        /// The file, and the part of it that is JSON.
        file: String,
        /// The expected content.
        expected: &'static str,
        /// The parser's error, with line and column.
        source: serde_json::Error,
    },
    /// A tensor, field or argument breaks a rule.
    #[error("{op}: {field}: expected {expected}, got {got}")]
    Invalid {
        /// The operation, with the file if there is one.
        op: String,
        /// The tensor, field or argument.
        field: String,
        /// The rule.
        expected: String,
        /// The value found.
        got: String,
    },
    /// A line of a text file does not have its format.
    #[error("{}:{line}: expected {expected}, got {got:?}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
        /// The format.
        expected: &'static str,
        /// The line, or the part of it that is wrong.
        got: String,
    },
    /// A tokenizer cannot be read or cannot encode a text.
    #[cfg(feature = "language-model")]
    #[error("{file}: expected {expected}, got {source}")]
    Tokenizer {
        /// The file, with the text if there is one.
        file: String,
        /// The expected result.
        expected: &'static str,
        /// The tokenizer's error.
        source: tokenizers::Error,
    },
    /// A text encoder's weights do not fit its config, or it cannot compute.
    #[cfg(feature = "encoder")]
    #[error("{file}: expected {expected}, got {source}")]
    Model {
        /// The model's folder.
        file: String,
        /// The expected result.
        expected: &'static str,
        /// The error of the library that runs the model, with the tensor's name.
        source: Box<candle_core::Error>,
    },
}

impl BuildError {
    /// Shorthand for [`BuildError::Invalid`].
    pub(crate) fn invalid(op: &str, field: impl Into<String>, expected: impl Into<String>, got: impl ToString) -> Self {
        Self::Invalid { op: op.to_owned(), field: field.into(), expected: expected.into(), got: got.to_string() }
    }
}
