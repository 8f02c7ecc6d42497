//! Errors of this crate.

use std::path::PathBuf;

use vq_file::FileError;

/// A prior or a word list that cannot be read, checked, cut, refined, merged or written.
///
/// Messages have the form `{where}: expected {expected}, got {got}` and name the file with its tensor or line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PriorError {
    /// A file cannot be read or written, or is not a prior's file.
    #[error(transparent)]
    File(#[from] FileError),
    /// A tensor, field or argument breaks a rule.
    #[error("{op}: {field}: expected {expected}, got {got}")]
    Invalid {
        /// The operation, with the file if there is one.
        op: String,
        /// The tensor, field or argument.
        field: String,
        /// The rule.
        expected: String,
        /// The value found.
        got: String,
    },
    /// A line of a text file does not have its format.
    #[error("{}:{line}: expected {expected}, got {got:?}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
        /// The format.
        expected: &'static str,
        /// The line, or the part of it that is wrong.
        got: String,
    },
}

impl PriorError {
    /// Shorthand for [`PriorError::Invalid`].
    pub(crate) fn invalid(op: &str, field: impl Into<String>, expected: impl Into<String>, got: impl ToString) -> Self {
        Self::Invalid { op: op.to_owned(), field: field.into(), expected: expected.into(), got: got.to_string() }
    }
}
