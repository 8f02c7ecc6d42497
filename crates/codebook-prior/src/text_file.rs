//! Small text files, read whole, with their hash.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::{PriorError, Source};

/// A text file, and what provenance says of it.
pub(crate) struct TextFile {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) sha256: String,
}

impl TextFile {
    pub(crate) fn read(path: PathBuf) -> Result<Self, PriorError> {
        let io = |source| PriorError::Io { op: "read", path: path.clone(), source };
        let bytes = std::fs::read(&path).map_err(io)?;
        let sha256 = sha256(&bytes);
        let text = String::from_utf8(bytes).map_err(|error| {
            PriorError::invalid(&format!("read {}", path.display()), "text", "UTF-8", error.utf8_error())
        })?;
        Ok(Self { path, text, sha256 })
    }

    /// A table that the crate carries.
    pub(crate) fn embedded(name: &str, text: &str) -> Self {
        Self { path: Path::new("the embedded").join(name), text: text.to_owned(), sha256: String::new() }
    }

    /// The lines with their numbers from 1, less empty ones and comments.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(at, line)| (at + 1, line));
        lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
    }

    pub(crate) fn line_error(&self, line: usize, expected: &'static str, got: &str) -> PriorError {
        let got: String = got.chars().take(80).collect(); // some lines run to kilobytes
        PriorError::Line { path: self.path.clone(), line, expected, got }
    }

    pub(crate) fn source(&self, work: &str) -> Source {
        source(work, &self.path, self.sha256.clone())
    }
}

pub(crate) fn source(work: &str, path: &Path, sha256: String) -> Source {
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Source { work: work.to_owned(), file, sha256 }
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
