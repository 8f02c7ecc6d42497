//! One run in a folder at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::TrainError;

/// The right to train into a run folder; it ends with the value, and with the process, however that ends.
#[derive(Debug)]
pub(crate) struct RunLock {
    _file: File,
}

impl RunLock {
    /// Locks the file at `path`, which is made if need be and stays.
    pub(crate) fn take(path: &Path, run: &Path) -> Result<Self, TrainError> {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path);
        let file = file.map_err(TrainError::io("open", path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(TrainError::RunLocked { path: run.to_path_buf() }),
            Err(TryLockError::Error(error)) => Err(TrainError::io("lock", path)(error)),
        }
    }
}
