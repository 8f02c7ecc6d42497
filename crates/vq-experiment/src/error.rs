//! What can be wrong with an experiment.

use vq_file::FileError;

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),

    /// A configuration cannot be read: it is not TOML, or a key is unknown or of the wrong type.
    #[error("{file}: {message}")]
    Config {
        /// The file, or `--set`.
        file: String,
        /// What was found and what was expected.
        message: String,
    },

    /// A value is out of range or does not fit the others.
    #[error("config `{key}`: expected {expected}, got {got}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is allowed.
        expected: String,
        /// What was given.
        got: String,
    },

    /// Tensors of another shape than a loss takes.
    #[error("{op}: expected {expected}, got {got:?}")]
    Shape {
        /// The operation.
        op: &'static str,
        /// The shapes that it takes.
        expected: String,
        /// The shapes.
        got: Vec<Vec<i64>>,
    },

    /// Captions or their language.
    #[error(transparent)]
    Caption(#[from] vlt_caption::CaptionError),
    /// The words of a codebook.
    #[error(transparent)]
    Prior(#[from] codebook_prior::PriorError),
    /// The transfer network.
    #[error(transparent)]
    Transfer(#[from] transfer_net::TransferError),
    /// The quantizer.
    #[error(transparent)]
    Core(#[from] vq_core::CoreError),
    /// Autoencoder, discriminator or LPIPS.
    #[error(transparent)]
    Model(#[from] vq_model::ModelError),
    /// The data.
    #[error(transparent)]
    Data(#[from] vq_data::DataError),
    /// The generator.
    #[error(transparent)]
    Generate(#[from] vq_generate::GenerateError),
    /// An option of a transformer.
    #[error(transparent)]
    Input(#[from] vq_nn::InputError),
    /// A metric that serves as a loss.
    #[error(transparent)]
    Eval(#[from] vq_eval::EvalError),
}

impl ConfigError {
    /// An error about the value of a key.
    pub fn value(key: &'static str, expected: impl Into<String>, got: impl ToString) -> Self {
        Self::Value { key, expected: expected.into(), got: got.to_string() }
    }
}

/// Checks the value of a key.
///
/// # Errors
/// [`ConfigError::Value`], unless `holds`.
pub(crate) fn check_value(
    key: &'static str,
    holds: bool,
    expected: &str,
    got: impl ToString,
) -> Result<(), ConfigError> {
    if holds { Ok(()) } else { Err(ConfigError::value(key, expected, got)) }
}
