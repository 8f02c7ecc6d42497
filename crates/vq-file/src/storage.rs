//! Bytes of a file: owned, compiled in, or mapped into memory.

use std::fs::File;
use std::ops::{Deref, Range};
use std::path::Path;
use std::sync::Arc;

use memmap2::Mmap;

use crate::FileError;

/// Bytes that clones share: a part of an owned buffer, of static data, or of a mapped file.
#[derive(Clone)]
pub struct SharedBytes {
    storage: Storage,
    range: Range<usize>,
}

#[derive(Clone)]
enum Storage {
    Owned(Arc<[u8]>),
    Static(&'static [u8]),
    Mapped(Arc<Mmap>),
}

impl SharedBytes {
    /// Maps a file; its pages are read from disk as they are needed.
    ///
    /// The file must not be truncated or written in place while the bytes are in use; replacing it, as
    /// [`write_atomically`](crate::write_atomically) does, is fine.
    ///
    /// # Errors
    /// [`FileError::Io`] if the file cannot be opened or mapped.
    pub fn map(path: &Path) -> Result<Self, FileError> {
        let file = File::open(path).map_err(FileError::io("open", path))?;
        // SAFETY: the bytes are only read. The workspace never changes a file in place; a user who truncates one that is
        // in use ends the process, as with any mapped file.
        let map = unsafe { Mmap::map(&file) }.map_err(FileError::io("map", path))?;
        Ok(Self { range: 0..map.len(), storage: Storage::Mapped(Arc::new(map)) })
    }

    /// A part of these bytes, which keeps their storage alive; none if `range` reaches beyond them.
    pub fn slice(&self, range: Range<usize>) -> Option<Self> {
        self.get(range.clone())?;
        let range = self.range.start + range.start..self.range.start + range.end;
        Some(Self { storage: self.storage.clone(), range })
    }
}

impl From<Vec<u8>> for SharedBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self { range: 0..bytes.len(), storage: Storage::Owned(bytes.into()) }
    }
}

impl From<&'static [u8]> for SharedBytes {
    fn from(bytes: &'static [u8]) -> Self {
        Self { range: 0..bytes.len(), storage: Storage::Static(bytes) }
    }
}

impl Deref for SharedBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let whole = match &self.storage {
            Storage::Owned(bytes) => bytes,
            Storage::Static(bytes) => *bytes,
            Storage::Mapped(map) => map,
        };
        &whole[self.range.clone()]
    }
}

impl std::fmt::Debug for SharedBytes {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} bytes", self.range.len())
    }
}
