//! What can go wrong in captions.

use vq_core::CoreError;
use vq_transformer::InputError;

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
pub enum CaptionError {
    /// An option or a tensor does not fit.
    #[error(transparent)]
    Input(#[from] InputError),

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
