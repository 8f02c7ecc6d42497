//! Errors of captions.

use vq_core::CoreError;
use vq_nn::InputError;

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
pub enum CaptionError {
    /// An option or a tensor does not fit.
    #[error(transparent)]
    Input(#[from] InputError),

    /// The decoder's scores are NaN or all infinite, as they are after a training that diverged.
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
        /// The quantizer's reason.
        source: CoreError,
    },

    /// A file cannot be read, or is not a language's file.
    #[cfg(feature = "tokenizer")]
    #[error(transparent)]
    File(#[from] vq_file::FileError),

    /// A tokenizer refused its file or a text.
    #[cfg(feature = "tokenizer")]
    #[error("{file}: expected {expected}, got: {source}")]
    Tokenizer {
        /// The file, and the text if the error is about one.
        file: String,
        /// What was expected.
        expected: &'static str,
        /// The tokenizer's reason.
        source: tokenizers::Error,
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
