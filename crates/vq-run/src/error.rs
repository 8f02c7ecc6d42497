//! What can go wrong with a run folder.

use std::path::PathBuf;

use vq_file::FileError;

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A file of the folder cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),

    /// A line of a log is not a record.
    #[error("{file}: expected a record, got {message}")]
    Record {
        /// The file and the line.
        file: String,
        /// What is wrong with it.
        message: String,
    },

    /// The folder of a new run exists already.
    #[error(
        "run folder {} exists already, and a run is never overwritten: choose another `--out`, or `--resume` it",
        path.display()
    )]
    Exists {
        /// The folder.
        path: PathBuf,
    },

    /// Another process trains in the folder.
    #[error("run folder {}: expected no process that trains in it, got one that holds its lock", path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
    },
}
