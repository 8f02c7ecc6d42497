//! Hashes of files while they are read.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use sha2::{Digest, Sha256};
use vq_file::{FileError, hex};

use crate::error::BuildError;

/// A file that is hashed while it is read.
pub(super) struct HashingReader {
    file: File,
    hasher: Sha256,
}

impl HashingReader {
    pub(super) fn open(path: &Path) -> Result<BufReader<Self>, BuildError> {
        let file = File::open(path).map_err(FileError::io("read", path))?;
        Ok(BufReader::with_capacity(1 << 16, Self { file, hasher: Sha256::new() }))
    }

    /// The SHA-256 of the bytes read, in hexadecimal.
    pub(super) fn sha256(reader: BufReader<Self>) -> String {
        hex(&reader.into_inner().hasher.finalize())
    }
}

impl Read for HashingReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.file.read(buffer)?;
        self.hasher.update(&buffer[..len]);
        Ok(len)
    }
}

/// The files of a corpus that has several.
#[derive(Default)]
pub(super) struct FileList {
    hasher: Sha256,
    files: u64,
}

impl FileList {
    /// Adds a file with its SHA-256 and its path relative to the corpus.
    pub(super) fn add(&mut self, sha256: &str, path: &str) {
        self.hasher.update(format!("{sha256}  {path}\n"));
        self.files += 1;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.files == 0
    }

    /// The SHA-256 of the list as `sha256sum` prints it, in hexadecimal.
    pub(super) fn sha256(self) -> String {
        hex(&self.hasher.finalize())
    }
}
