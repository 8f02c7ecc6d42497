//! What can go wrong with a file.

use std::path::{Path, PathBuf};

/// A file that cannot be read or written, or that does not hold what it must.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The operating system refused.
    #[error("{op} {}: {source}", path.display())]
    Io {
        /// The operation, such as `read`.
        op: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },

    /// The content is not of the format.
    #[error("{what} {name}: expected {expected}, got {got}")]
    Format {
        /// The kind of file, such as `checkpoint`.
        what: &'static str,
        /// The path, or a name for bytes in memory.
        name: String,
        /// What the format asks for.
        expected: String,
        /// What was found.
        got: String,
    },
}

impl FileError {
    /// Attaches operation and path to an I/O error.
    pub fn io(op: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::Io { op, path, source }
    }

    /// A file at `path` whose content is not of its format.
    pub fn format(what: &'static str, path: &Path, expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self::Format { what, name: path.display().to_string(), expected: expected.into(), got: got.into() }
    }
}
