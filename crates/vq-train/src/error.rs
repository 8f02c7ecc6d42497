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

    /// A run folder is there already.
    #[error("run folder {} exists already, and a run is never overwritten: choose another `--out`, or `--resume` it", path.display())]
    RunExists {
        /// The folder.
        path: PathBuf,
    },

    /// Training ran into numbers that are none.
    #[error("step {step}: {what}; the last checkpoint is whole: lower `schedule.learning_rate` and start anew")]
    NotFinite {
        /// The step, from 1.
        step: u64,
        /// What is no number any more.
        what: String,
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

/// libtorch's message without the C++ stack that it appends.
fn first_line(error: &tch::TchError) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
