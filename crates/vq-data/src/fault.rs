//! Samples that cannot be read, with the reason.

use std::error::Error;

use serde::{Deserialize, Serialize};

use crate::damaged::DamagedFile;
use crate::{DataError, ImageSource};

/// A sample that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The sample's file, or `index I` if it has no file of its own.
    pub sample: String,
    /// The error message with its causes.
    pub reason: String,
}

impl Fault {
    pub(crate) fn of(source: &dyn ImageSource, index: usize, error: &DataError) -> Self {
        let sample = source.file(index).map_or_else(|| format!("index {index}"), |file| file.display().to_string());
        Self { sample, reason: error_chain(error) }
    }
}

impl From<DamagedFile> for Fault {
    fn from(file: DamagedFile) -> Self {
        Self { sample: file.path.display().to_string(), reason: file.reason }
    }
}

/// Whether the content of a file is at fault, and not the reading of it.
pub(crate) fn is_damage(error: &DataError) -> bool {
    match error {
        DataError::Sample { source, .. } => is_damage(source),
        other => matches!(other, DataError::Decode { .. } | DataError::Unexpected { .. } | DataError::Json { .. }),
    }
}

/// An error and its causes on one line.
pub(crate) fn error_chain(error: &DataError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
