//! One process trains in a run folder at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use vq_file::FileError;

use crate::RunError;

/// The lock of a run folder; it is released with the value, and with the process, however that ends.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

impl RunLock {
    /// Locks the file at `path`, which is created if it is missing and stays.
    pub(crate) fn acquire(path: &Path, run: &Path) -> Result<Self, RunError> {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path);
        let file = file.map_err(FileError::io("open", path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(RunError::Locked { path: run.to_path_buf() }),
            Err(TryLockError::Error(error)) => Err(FileError::io("lock", path)(error).into()),
        }
    }
}
