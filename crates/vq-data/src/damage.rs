//! Applies [`Damaged`] to a list of files; shared by all sources of files.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::damaged::{Damaged, DamagedFile};
use crate::fault::{error_chain, is_damage};
use crate::{DataError, Sample};

/// A list of files that become samples, some of which may be damaged.
pub(crate) trait Records {
    /// The name of the list in error messages.
    fn what(&self) -> String;

    /// The number of files.
    fn count(&self) -> usize;

    /// Reads the file at `index`, which is below [`count`](Self::count).
    fn read(&self, index: usize) -> Result<Sample, DataError>;

    /// The path of the file at `index`, which is below [`count`](Self::count).
    fn path(&self, index: usize) -> PathBuf;
}

/// The damaged files that were found so far, by their index; filled from any thread.
#[derive(Debug, Default)]
pub(crate) struct Damage {
    found: Mutex<BTreeMap<usize, DamagedFile>>,
}

impl Damage {
    /// The sample at `index`, or the one that the policy returns instead.
    pub(crate) fn get(&self, records: &impl Records, policy: Damaged, index: usize) -> Result<Sample, DataError> {
        if index >= records.count() {
            let expected = format!("an index below {}", records.count());
            return Err(DataError::unexpected(format!("get an image of {}", records.what()), expected, index));
        }
        match policy {
            Damaged::Fail => records.read(index),
            Damaged::Skip => self.next_sound(records, index),
        }
    }

    /// The sample at `index`, or at the next index with a sound one.
    fn next_sound(&self, records: &impl Records, index: usize) -> Result<Sample, DataError> {
        let candidates = (index..records.count()).chain(0..index);
        for candidate in candidates.filter(|&candidate| !self.is_known(candidate)) {
            match records.read(candidate) {
                Err(error) if is_damage(&error) => {
                    let file = DamagedFile { path: records.path(candidate), reason: error_chain(&error) };
                    self.found().insert(candidate, file);
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

    fn is_known(&self, index: usize) -> bool {
        self.found().contains_key(&index)
    }

    /// All damaged files found so far, in the order of the source.
    pub(crate) fn files(&self) -> Vec<DamagedFile> {
        self.found().values().cloned().collect()
    }

    /// A panicking thread cannot leave the map half changed, so a poisoned lock is still valid.
    fn found(&self) -> MutexGuard<'_, BTreeMap<usize, DamagedFile>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
