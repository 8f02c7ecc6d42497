//! What can go wrong in an evaluation or a study.

use vq_experiment::ConfigError;
use vq_file::FileError;
use vq_pipeline::{PipelineError, first_line};
use vq_report::ReportError;
use vq_run::RunError;
use vq_train::TrainError;

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StudyError {
    /// The experiment or the study file.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A checkpoint, or what is built from one.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// Training.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A run folder.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A page.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),

    /// An evaluation in JSON is of another format or version, or cannot be compared.
    #[error("evaluation {name}: expected {expected}, got {got}")]
    Evaluation {
        /// The file.
        name: String,
        /// What was expected.
        expected: String,
        /// What was found.
        got: String,
    },

    /// A metric has no image.
    #[error("evaluate: expected images for {metric}, got none")]
    NoImages {
        /// The metric.
        metric: &'static str,
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
    /// A metric.
    #[error(transparent)]
    Eval(#[from] vq_eval::EvalError),
    /// libtorch.
    #[error("libtorch: {}", first_line(.0))]
    Torch(#[from] tch::TchError),
}
