//! What becomes of damaged images, the same for all sources of files.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::{DataError, ImageSource, Sample};

/// What becomes of an image that is there and can be read, but is empty, cut short, of another kind than its name says,
/// too large, or damaged in another way.
///
/// A file that the operating system cannot read is an error under both: another time it may be readable, and then the
/// same seed would give other batches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Damaged {
    /// It is an error that names the file.
    #[default]
    Fail,
    /// The next sound image of the source takes its place, after the last one the first, and the file is remembered.
    ///
    /// What stands at an index is still a function of the source alone, so batch `n` is still one of (seed, `n`).
    Skip,
}

/// An image that was skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedFile {
    /// The file; for one within an archive, the archive's path and then the name within.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

/// A sample that cannot be had, whatever the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Its file, or `index I` if it has none of its own.
    pub sample: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Fault {
    pub(crate) fn of(source: &dyn ImageSource, index: usize, error: &DataError) -> Self {
        let sample = source.file(index).map_or_else(|| format!("index {index}"), |file| file.display().to_string());
        Self { sample, reason: chain(error) }
    }
}

impl From<DamagedFile> for Fault {
    fn from(file: DamagedFile) -> Self {
        Self { sample: file.path.display().to_string(), reason: file.reason }
    }
}

/// A list of files that become samples, some of which may be damaged.
pub(crate) trait Records {
    /// The list, named for errors.
    fn what(&self) -> String;

    /// How many there are.
    fn count(&self) -> usize;

    /// Reads the one at `index`, which is below [`count`](Self::count).
    fn read(&self, index: usize) -> Result<Sample, DataError>;

    /// The file at `index`, which is below [`count`](Self::count).
    fn path(&self, index: usize) -> PathBuf;
}

/// The damaged files that were met so far, by their index; filled from any thread.
#[derive(Debug, Default)]
pub(crate) struct Damage {
    met: Mutex<BTreeMap<usize, DamagedFile>>,
}

impl Damage {
    /// The sample at `index`, or what the policy puts in its place.
    pub(crate) fn get(&self, records: &impl Records, policy: Damaged, index: usize) -> Result<Sample, DataError> {
        if index >= records.count() {
            let expected = format!("an index below {}", records.count());
            return Err(DataError::unexpected(format!("get an image of {}", records.what()), expected, index));
        }
        match policy {
            Damaged::Fail => records.read(index),
            Damaged::Skip => self.sound(records, index),
        }
    }

    /// The sample at `index`, or else of the next index that has a sound one.
    fn sound(&self, records: &impl Records, index: usize) -> Result<Sample, DataError> {
        let candidates = (index..records.count()).chain(0..index);
        for candidate in candidates.filter(|&candidate| !self.knows(candidate)) {
            match records.read(candidate) {
                Err(error) if is_damage(&error) => {
                    let file = DamagedFile { path: records.path(candidate), reason: chain(&error) };
                    self.met().insert(candidate, file);
                }
                sample_or_io => return sample_or_io,
            }
        }
        Err(DataError::unexpected(
            format!("read {}", records.what()),
            "at least one sound image",
            format!("{} damaged ones", records.count()),
        ))
    }

    fn knows(&self, index: usize) -> bool {
        self.met().contains_key(&index)
    }

    /// In the order of the source.
    pub(crate) fn files(&self) -> Vec<DamagedFile> {
        self.met().values().cloned().collect()
    }

    /// A thread that panicked left the map whole: no call leaves it half changed.
    fn met(&self) -> MutexGuard<'_, BTreeMap<usize, DamagedFile>> {
        self.met.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the bytes are at fault, and not the reading of them.
pub(crate) fn is_damage(error: &DataError) -> bool {
    match error {
        DataError::Sample { source, .. } => is_damage(source),
        other => matches!(other, DataError::Decode { .. } | DataError::Unexpected { .. } | DataError::Json { .. }),
    }
}

/// An error and its causes on one line.
fn chain(error: &DataError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
