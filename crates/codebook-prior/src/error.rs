use std::path::PathBuf;

/// What can go wrong when a prior is read, made, cut or written.
///
/// Messages read `{where}: expected {expected}, got {got}` and name the file with its tensor or line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PriorError {
    /// The operating system refused a file.
    #[error("{op} {}: {source}", path.display())]
    Io {
        /// What was tried: `read`, `map`, `write`.
        op: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The bytes are no safetensors container.
    #[error("{file}: expected a whole safetensors file, got {source}")]
    Container {
        /// The file, or what stands for it when the bytes come from memory.
        file: String,
        /// What the container lacks.
        source: safetensors::SafeTensorError,
    },
    /// A JSON text does not say what it must.
    #[error("{file}: expected {expected}, got {source}")]
    Json {
        /// The file, and the part of it that is JSON.
        file: String,
        /// What the text should describe.
        expected: &'static str,
        /// The parser's complaint, with line and column.
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
        /// The line, counted from 1.
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
        /// What was wanted of it.
        expected: &'static str,
        /// The tokenizer's complaint.
        source: tokenizers::Error,
    },
    /// A text encoder's weights do not make up the model, or it cannot compute.
    #[cfg(feature = "encoder")]
    #[error("{file}: expected {expected}, got {source}")]
    Model {
        /// The model's folder.
        file: String,
        /// What was wanted of it.
        expected: &'static str,
        /// The complaint of the library that runs it, with the tensor's name.
        source: Box<candle_core::Error>,
    },
}

impl PriorError {
    /// Shorthand for [`PriorError::Invalid`].
    pub(crate) fn invalid(op: &str, field: impl Into<String>, expected: impl Into<String>, got: impl ToString) -> Self {
        Self::Invalid { op: op.to_owned(), field: field.into(), expected: expected.into(), got: got.to_string() }
    }
}
