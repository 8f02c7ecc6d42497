//! What can go wrong in captions.

use vq_core::CoreError;
use vq_transformer::InputError;

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
pub enum CaptionError {
    /// A tensor has another shape than the operation takes.
    #[error("{op}: expected {what} of shape {expected}, got {got:?}")]
    Shape {
        /// The operation.
        op: &'static str,
        /// The tensor, such as `codes`.
        what: &'static str,
        /// The shape in the letters of the crate's documentation.
        expected: String,
        /// The shape of the tensor.
        got: Vec<i64>,
    },

    /// A tensor has another element type than the operation takes.
    #[error("{op}: expected {what} of kind {expected}, got {got}")]
    Kind {
        /// The operation.
        op: &'static str,
        /// The tensor, such as `codes`.
        what: &'static str,
        /// The kind that is taken.
        expected: &'static str,
        /// The kind of the tensor.
        got: String,
    },

    /// A number of a tensor lies outside what is allowed.
    #[error("{op}: expected {what} in {start}..{end}, got {got}")]
    Range {
        /// The operation.
        op: &'static str,
        /// The numbers, such as `token ids`.
        what: &'static str,
        /// The least that is allowed.
        start: i64,
        /// One past the largest that is allowed.
        end: i64,
        /// The offending number.
        got: i64,
    },

    /// The module's scores are NaN or all infinite, as they are after a training that diverged.
    #[error("{op}: expected finite scores of tokens, got {got} for image {image}")]
    NotFinite {
        /// The operation.
        op: &'static str,
        /// The image in its batch, from 0.
        image: usize,
        /// The number found.
        got: f64,
    },

    /// An option has a value that makes no sense.
    #[error("{op}: expected `{key}` {expected}, got {got}")]
    Option {
        /// The constructor or function.
        op: &'static str,
        /// The option's name.
        key: &'static str,
        /// What is allowed.
        expected: String,
        /// What was given.
        got: String,
    },

    /// The quantizer could not look ids up.
    #[error("{op}: expected ids of the quantizer, got: {source}")]
    Quantizer {
        /// The operation.
        op: &'static str,
        /// Why not.
        source: CoreError,
    },

    /// A file could not be read.
    #[cfg(feature = "tokenizer")]
    #[error("{op}: expected to read {file}, got: {source}")]
    Io {
        /// The operation.
        op: &'static str,
        /// The file.
        file: String,
        /// Why not.
        source: std::io::Error,
    },

    /// A tokenizer refused its file or a text.
    #[cfg(feature = "tokenizer")]
    #[error("{file}: expected {expected}, got: {source}")]
    Tokenizer {
        /// The file, and the text if it is about one.
        file: String,
        /// What was wanted of it.
        expected: &'static str,
        /// Why not.
        source: tokenizers::Error,
    },

    /// A file of a language is none, or is damaged.
    #[cfg(feature = "tokenizer")]
    #[error("{file}: expected {expected}, got {got}")]
    Language {
        /// The file.
        file: String,
        /// What should be there.
        expected: String,
        /// What is.
        got: String,
    },

    /// A tokenizer lacks a special token.
    #[cfg(feature = "tokenizer")]
    #[error("{file}: expected a token {token:?}, got none")]
    Token {
        /// The file.
        file: String,
        /// The token's name.
        token: String,
    },
}

impl From<InputError> for CaptionError {
    fn from(error: InputError) -> Self {
        match error {
            InputError::Shape { op, what, expected, got } => Self::Shape { op, what, expected, got },
            InputError::Kind { op, what, expected, got } => Self::Kind { op, what, expected, got },
            InputError::Range { op, what, start, end, got } => Self::Range { op, what, start, end, got },
            InputError::Option { op, key, expected, got } => Self::Option { op, key, expected, got },
        }
    }
}
