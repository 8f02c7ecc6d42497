//! One caption of a corpus.

use std::path::Path;
use std::sync::Arc;

/// A caption and its location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorpusCaption {
    /// The text, without surrounding white space; never empty.
    pub text: String,
    /// The file.
    pub file: Arc<Path>,
    /// The location in the file.
    pub location: Location,
}

/// A location in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// The number of a line, from 1.
    Line(usize),
    /// The index of an element of COCO's `annotations`, from 0 as in JSON paths.
    Annotation(usize),
}
