use std::fmt;
use std::path::PathBuf;

use crate::{PriorError, Source};

/// What reading a corpus came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorpusReport {
    /// Captions read.
    pub captions: u64,
    /// Files read.
    pub files: u64,
    /// Captions passed over because they lack their format.
    pub malformed: u64,
    /// The first [`CorpusReport::EXAMPLES`] of them.
    pub examples: Vec<Malformed>,
    /// The corpus with its SHA-256.
    ///
    /// That of a folder is the SHA-256 of one line per file in reading order, as `sha256sum` prints it: the hash, two
    /// spaces, the path from the folder on, with `/`.
    pub source: Source,
}

impl CorpusReport {
    /// How many malformed captions a report shows.
    pub const EXAMPLES: usize = 20;
}

/// A caption that does not have its format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// The file.
    pub path: PathBuf,
    /// The place in it.
    pub place: Place,
    /// The format.
    pub expected: &'static str,
    /// What stands there, cut short.
    pub got: String,
}

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A line, counted from 1.
    Line(usize),
    /// An element of COCO's `annotations`, counted from 0 as in JSON paths.
    Annotation(usize),
}

impl Malformed {
    /// The error that it is when it may not be passed over.
    pub(super) fn into_error(self) -> PriorError {
        match self.place {
            Place::Line(line) => PriorError::Line { path: self.path, line, expected: self.expected, got: self.got },
            Place::Annotation(at) => PriorError::invalid(
                &format!("read {}", self.path.display()),
                format!("annotations[{at}]"),
                self.expected,
                self.got,
            ),
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.clone().into_error().fmt(f)
    }
}
