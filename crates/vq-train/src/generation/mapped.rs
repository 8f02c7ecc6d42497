//! A file as memory.

use std::fs::File;
use std::ops::Deref;
use std::path::Path;

use memmap2::Mmap;

use crate::TrainError;

/// The bytes of a file, read from disk as they are needed.
#[derive(Debug)]
pub(crate) struct MappedFile(Mmap);

impl MappedFile {
    /// # Errors
    /// [`TrainError::Io`] if the file cannot be opened or mapped.
    pub(crate) fn open(path: &Path) -> Result<Self, TrainError> {
        let file = File::open(path).map_err(TrainError::io("open", path))?;
        // SAFETY: the bytes are only read. Stores are written under another name and moved into place whole, never
        // changed there; a user who truncates one that is in use ends the process, as with any mapped file.
        let map = unsafe { Mmap::map(&file) }.map_err(TrainError::io("map", path))?;
        Ok(Self(map))
    }
}

impl Deref for MappedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}
