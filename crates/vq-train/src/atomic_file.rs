//! Files that are replaced whole or not at all.

use std::fs::File;
use std::path::Path;

use atomic_write_file::AtomicWriteFile;

use crate::TrainError;

/// Lets `write` fill a new file and moves it onto `path` once it is on disk.
///
/// If anything fails, a disk without space included, the file that was at `path` before stays as it was.
pub(crate) fn write_atomically(
    path: &Path,
    write: impl FnOnce(&mut File) -> std::io::Result<()>,
) -> Result<(), TrainError> {
    let replace = || {
        let mut file = AtomicWriteFile::open(path)?;
        write(file.as_file_mut())?;
        file.commit()
    };
    replace().map_err(TrainError::io("write", path))
}
