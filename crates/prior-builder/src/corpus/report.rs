//! What was read of a corpus.

use std::fmt;
use std::path::PathBuf;

use codebook_prior::Source;

use super::caption::Location;
use crate::error::BuildError;

/// What was read of a corpus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorpusReport {
    /// Captions read.
    pub captions: u64,
    /// Files read.
    pub files: u64,
    /// Malformed captions, which were skipped.
    pub malformed: u64,
    /// The first [`CorpusReport::EXAMPLES`] malformed captions.
    pub examples: Vec<MalformedCaption>,
    /// The corpus with its SHA-256.
    ///
    /// The hash of a folder is that of one line per file in reading order, as `sha256sum` prints it: the file's hash,
    /// two spaces, the path relative to the folder, with `/`.
    pub source: Source,
}

impl CorpusReport {
    /// The maximum number of malformed captions in a report.
    pub const EXAMPLES: usize = 20;
}

/// A caption that does not have the format of its corpus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MalformedCaption {
    /// The file.
    pub path: PathBuf,
    /// The location in the file.
    pub location: Location,
    /// The format.
    pub expected: &'static str,
    /// The start of the text found.
    pub got: String,
}

impl MalformedCaption {
    /// The error of reading with [`Strictness::Fail`](super::Strictness::Fail).
    pub(super) fn into_error(self) -> BuildError {
        match self.location {
            Location::Line(line) => BuildError::Line { path: self.path, line, expected: self.expected, got: self.got },
            Location::Annotation(at) => BuildError::invalid(
                &format!("read {}", self.path.display()),
                format!("annotations[{at}]"),
                self.expected,
                self.got,
            ),
        }
    }
}

impl fmt::Display for MalformedCaption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.clone().into_error().fmt(f)
    }
}
