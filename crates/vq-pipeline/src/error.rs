//! What can go wrong when something trained is loaded or used.

use std::path::PathBuf;

use vq_experiment::ConfigError;
use vq_file::FileError;
use vq_run::RunError;

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PipelineError {
    /// A file cannot be read or written, is damaged or of another format.
    #[error(transparent)]
    File(#[from] FileError),

    /// The run folder cannot be read or written.
    #[error(transparent)]
    Run(#[from] RunError),

    /// The experiment does not fit.
    #[error(transparent)]
    Config(#[from] ConfigError),

    /// A checkpoint is not that of the tokenizer that a generator was trained with.
    #[error("{what} {}: expected the checkpoint {expected}, got {got}", path.display())]
    OtherTokenizer {
        /// Its role, such as `tokenizer`.
        what: &'static str,
        /// The checkpoint.
        path: PathBuf,
        /// The recorded SHA-256.
        expected: String,
        /// The SHA-256 of the file.
        got: String,
    },

    /// A condition that the generator cannot take.
    #[error("condition: expected {expected}, got {got}")]
    Condition {
        /// What the generator takes.
        expected: String,
        /// What was given.
        got: String,
    },

    /// Words or labels that do not fit the codes or classes.
    #[error("words: expected {expected}, got {got}")]
    Words {
        /// What is needed.
        expected: String,
        /// What was given.
        got: String,
    },

    /// Tensors of another shape than the operation takes.
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
    /// The quantizer.
    #[error(transparent)]
    Core(#[from] vq_core::CoreError),
    /// A network.
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
    /// A metric.
    #[error(transparent)]
    Eval(#[from] vq_eval::EvalError),
    /// libtorch.
    #[error("libtorch: {}", first_line(.0))]
    Torch(#[from] tch::TchError),
}

/// The first line of an error of libtorch, without the C++ stack that it appends.
pub fn first_line(error: &tch::TchError) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
