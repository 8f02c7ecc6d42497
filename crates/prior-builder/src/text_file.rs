//! Small text files, read whole, with their hash.

use std::path::{Path, PathBuf};

use codebook_prior::Source;
use vq_file::{FileError, sha256_hex};

use crate::error::BuildError;

/// A text file and its SHA-256.
pub(crate) struct TextFile {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    sha256: String,
}

impl TextFile {
    /// Reads a file of UTF-8.
    pub(crate) fn read(path: PathBuf) -> Result<Self, BuildError> {
        let bytes = std::fs::read(&path).map_err(FileError::io("read", &path))?;
        let sha256 = sha256_hex(&bytes);
        let text = String::from_utf8(bytes).map_err(|error| {
            BuildError::invalid(&format!("read {}", path.display()), "text", "UTF-8", error.utf8_error())
        })?;
        Ok(Self { path, text, sha256 })
    }

    /// The error of a line without the expected format.
    pub(crate) fn line_error(&self, line: usize, expected: &'static str, got: &str) -> BuildError {
        let got: String = got.chars().take(80).collect(); // some lines run to kilobytes
        BuildError::Line { path: self.path.clone(), line, expected, got }
    }

    /// The file as a source of a prior.
    pub(crate) fn source(&self, work: &str) -> Source {
        source(work, &self.path, self.sha256.clone())
    }
}

/// A file as a source of a prior.
pub(crate) fn source(work: &str, path: &Path, sha256: String) -> Source {
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Source { work: work.to_owned(), file, sha256 }
}
