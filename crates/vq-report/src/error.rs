//! What can go wrong with a report.

use std::path::Path;

use vq_file::FileError;
use vq_run::RunError;

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The run folder cannot be read or written.
    #[error(transparent)]
    Run(#[from] RunError),

    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),

    /// A record has no kind or no step.
    #[error("record: {message}")]
    Record {
        /// What was expected and what was found.
        message: String,
    },
}

impl ReportError {
    /// A file of the run whose content is damaged.
    pub(crate) fn damaged(what: &'static str, path: &Path, expected: &str, got: impl ToString) -> Self {
        Self::File(FileError::format(what, path, expected, got.to_string()))
    }
}
