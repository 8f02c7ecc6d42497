//! What can go wrong in training.

use std::path::{Path, PathBuf};

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A file or folder could not be read or written.
    #[error("{op} {}: {source}", path.display())]
    Io {
        /// What was tried, such as `read`.
        op: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },

    /// The configuration cannot be understood.
    #[error("{file}: {message}")]
    Config {
        /// The file, or `--set`.
        file: String,
        /// What was found and what was expected.
        message: String,
    },

    /// A configuration value makes no sense.
    #[error("config `{key}`: expected {expected}, got {got}")]
    Option {
        /// The key.
        key: &'static str,
        /// What is allowed.
        expected: String,
        /// What was given.
        got: String,
    },

    /// Captions, or the language that they are in.
    #[error(transparent)]
    Caption(#[from] vlt_caption::CaptionError),

    /// Tensors have other shapes than the operation takes.
    #[error("{op}: expected {expected}, got {got:?}")]
    Shape {
        /// The operation.
        op: &'static str,
        /// What is asked of the shapes.
        expected: String,
        /// The shapes.
        got: Vec<Vec<i64>>,
    },

    /// A file is not a checkpoint of this version, or is damaged.
    #[error("checkpoint {}: expected {expected}, got {got}", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What should be there.
        expected: String,
        /// What is there.
        got: String,
    },

    /// A file is no store of tokens, is damaged, or was made by another tokenizer.
    #[error("token store {}: expected {expected}, got {got}", path.display())]
    Store {
        /// The file.
        path: PathBuf,
        /// What should be there.
        expected: String,
        /// What is there.
        got: String,
    },

    /// A file is not a judge of this version, or is damaged.
    #[error("judge {}: expected {expected}, got {got}", path.display())]
    Judge {
        /// The file.
        path: PathBuf,
        /// What should be there.
        expected: String,
        /// What is there.
        got: String,
    },

    /// A checkpoint is not that of the tokenizer that a generator's ids are of.
    #[error("{what} {}: expected the checkpoint {expected}, got {got}", path.display())]
    OtherTokenizer {
        /// What it is for, such as `tokenizer`.
        what: &'static str,
        /// The checkpoint.
        path: PathBuf,
        /// The SHA-256 that was noted.
        expected: String,
        /// That of the file.
        got: String,
    },

    /// Something cannot be what an image should show.
    #[error("condition: expected {expected}, got {got}")]
    Condition {
        /// What the generator takes.
        expected: String,
        /// What was given.
        got: String,
    },

    /// Words and codes that do not go together.
    #[error("words: expected {expected}, got {got}")]
    Words {
        /// What is needed.
        expected: String,
        /// What is there.
        got: String,
    },

    /// Something is no evaluation of this version.
    #[error("evaluation {name}: expected {expected}, got {got}")]
    Evaluation {
        /// What was read.
        name: String,
        /// What should be there.
        expected: String,
        /// What is there.
        got: String,
    },

    /// Nothing was measured.
    #[error("evaluate: expected images for {metric}, got none")]
    NoFigure {
        /// The metric.
        metric: &'static str,
    },

    /// A run folder is there already.
    #[error("run folder {} exists already, and a run is never overwritten: choose another `--out`, or `--resume` it", path.display())]
    RunExists {
        /// The folder.
        path: PathBuf,
    },

    /// A run folder is in use.
    #[error("run folder {}: expected no run that is going on in it, got one that holds its lock", path.display())]
    RunLocked {
        /// The folder.
        path: PathBuf,
    },

    /// Training ran into numbers that are none, and the guards had no remedy left.
    #[error(
        "step {step}: expected finite losses and gradients, got {skipped} skipped steps in a row, the last since {reason}; {advice}"
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

    /// A group of codes was used too little, and the guards are to stop the run then.
    #[error(
        "step {step}: expected at least {least} of the codes of group {group} to be used in a window, got {share:.4}; the last checkpoint is whole"
    )]
    Collapsed {
        /// The step, from 1.
        step: u64,
        /// The group's name.
        group: String,
        /// The least share, as configured.
        least: f64,
        /// Share of the codes that were used.
        share: f64,
    },

    /// The prior refused.
    #[error(transparent)]
    Prior(#[from] codebook_prior::PriorError),
    /// The transfer network refused.
    #[error(transparent)]
    Transfer(#[from] transfer_net::TransferError),
    /// The quantizer refused.
    #[error(transparent)]
    Core(#[from] vq_core::CoreError),
    /// The tokenizer refused.
    #[error(transparent)]
    Model(#[from] vq_model::ModelError),
    /// The data refused.
    #[error(transparent)]
    Data(#[from] vq_data::DataError),
    /// The generator refused.
    #[error(transparent)]
    Generate(#[from] vq_generate::GenerateError),
    /// An option of a generator makes no sense.
    #[error(transparent)]
    Input(#[from] vq_transformer::InputError),
    /// A metric refused.
    #[error(transparent)]
    Eval(#[from] vq_eval::EvalError),
    /// libtorch refused.
    #[error("libtorch: {}", first_line(.0))]
    Torch(#[from] tch::TchError),
}

impl TrainError {
    /// Attaches what was tried and where to an I/O error.
    pub(crate) fn io(op: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { op, path, source }
    }
}

/// An error and its causes on one line; one that says its cause itself does not say it twice.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !said.contains(&text) {
            said = format!("{said}: {text}");
        }
        cause = error.source();
    }
    said
}

/// libtorch's message without the C++ stack that it appends.
fn first_line(error: &tch::TchError) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
