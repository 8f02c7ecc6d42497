//! What can go wrong in training.

use vq_experiment::ConfigError;
use vq_file::FileError;
use vq_pipeline::{PipelineError, first_line};
use vq_run::RunError;

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The experiment.
    #[error(transparent)]
    Config(#[from] ConfigError),

    /// A checkpoint, or what is built from one.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),

    /// The run folder.
    #[error(transparent)]
    Run(#[from] RunError),

    /// A file.
    #[error(transparent)]
    File(#[from] FileError),

    /// Losses or gradients are not finite, and the guards have no remedy left.
    #[error(
        "step {step}: expected finite losses and gradients, got {skipped} skipped steps in a row, the last because \
         {reason}; {advice}"
    )]
    NotFinite {
        /// The step, from 1.
        step: u64,
        /// Skipped steps in a row.
        skipped: u64,
        /// What was not finite.
        reason: String,
        /// Why there was no rollback, and what to try.
        advice: &'static str,
    },

    /// Too few codes of a group are used, and the guards are configured to stop the run then.
    #[error(
        "step {step}: expected a window to use at least {min_share} of the codes of group {group}, got {share:.4}; the \
         last checkpoint is whole"
    )]
    Collapsed {
        /// The step, from 1.
        step: u64,
        /// The group's name.
        group: String,
        /// The smallest share, as configured.
        min_share: f64,
        /// Share of the codes that were used.
        share: f64,
    },

    /// Captions.
    #[error(transparent)]
    Caption(#[from] vlt_caption::CaptionError),
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
    /// libtorch.
    #[error("libtorch: {}", first_line(.0))]
    Torch(#[from] tch::TchError),
}

/// An error and its causes on one line; a cause that the error already contains is not repeated.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}
