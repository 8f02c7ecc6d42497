//! What a source does with damaged images.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What a source does with an image whose file can be read but not decoded: an empty or truncated file, another format
/// than its extension, an image that is too large.
///
/// A file that the operating system cannot read is an error under both policies: it may be readable at another time,
/// and then the same seed would give other batches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Damaged {
    /// Return an error that names the file.
    #[default]
    Fail,
    /// Return the next sound image of the source instead (after the last one, the first) and record the file.
    ///
    /// The sample at an index is still a function of the source alone, so batch `n` is still a function of (seed, `n`).
    Skip,
}

/// A damaged image that was skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedFile {
    /// The file; for one within an archive, the archive's path followed by the name within.
    pub path: PathBuf,
    /// The error message.
    pub reason: String,
}
