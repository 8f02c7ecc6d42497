//! Atomic replacement of files.

use std::fs::File;
use std::path::Path;

use atomic_write_file::AtomicWriteFile;

use crate::FileError;

/// Lets `write` fill a new file, syncs it to disk, and moves it onto `path`.
///
/// # Errors
/// [`FileError::Io`] if the file cannot be written, for instance because the disk is full; a file that was at `path` before
/// then stays unchanged.
pub fn write_atomically(path: &Path, write: impl FnOnce(&mut File) -> std::io::Result<()>) -> Result<(), FileError> {
    let replace = || {
        let mut file = AtomicWriteFile::open(path)?;
        write(file.as_file_mut())?;
        file.commit()
    };
    replace().map_err(FileError::io("write", path))
}

#[cfg(test)]
mod tests {
    use std::io::{Error, Write};

    use super::*;

    /// The error of a full disk, from the device that always is full.
    fn no_space() -> Error {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
        full.and_then(|mut file| file.write_all(b"x")).expect_err("/dev/full takes nothing")
    }

    #[test]
    fn a_full_disk_leaves_the_old_file_whole_and_nothing_beside_it() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let path = folder.path().join("checkpoint.safetensors");
        write_atomically(&path, |file| file.write_all(b"old")).expect("the first write");
        let error = write_atomically(&path, |file| {
            file.write_all(b"half of the n")?;
            Err(no_space())
        });
        let message = error.expect_err("the disk is full").to_string();
        assert!(message.contains("No space left on device") && message.contains("checkpoint.safetensors"), "{message}");
        assert_eq!(std::fs::read(&path).expect("the old file"), b"old");
        assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 1);
    }
}
