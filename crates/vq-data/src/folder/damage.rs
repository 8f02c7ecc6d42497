use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An image that was skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedFile {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

/// The damaged files that were met so far, by their index; filled from any thread.
#[derive(Debug, Default)]
pub(super) struct Damage {
    met: Mutex<BTreeMap<usize, DamagedFile>>,
}

impl Damage {
    pub(super) fn remember(&self, index: usize, file: DamagedFile) {
        self.met().insert(index, file);
    }

    pub(super) fn knows(&self, index: usize) -> bool {
        self.met().contains_key(&index)
    }

    /// In the order of the folder.
    pub(super) fn files(&self) -> Vec<DamagedFile> {
        self.met().values().cloned().collect()
    }

    /// A thread that panicked left the map whole: no call leaves it half changed.
    fn met(&self) -> MutexGuard<'_, BTreeMap<usize, DamagedFile>> {
        self.met.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
