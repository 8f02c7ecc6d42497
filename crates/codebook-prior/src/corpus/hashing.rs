use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::PriorError;

/// A file that is hashed while it is read.
pub(super) struct Hashing {
    file: File,
    hasher: Sha256,
}

impl Hashing {
    pub(super) fn open(path: &Path) -> Result<BufReader<Self>, PriorError> {
        let io = |source| PriorError::Io { op: "read", path: path.to_owned(), source };
        let file = File::open(path).map_err(io)?;
        Ok(BufReader::with_capacity(1 << 16, Self { file, hasher: Sha256::new() }))
    }

    /// The SHA-256 of all that was read, in hexadecimal.
    pub(super) fn sha256(reader: BufReader<Self>) -> String {
        hex(&reader.into_inner().hasher.finalize())
    }
}

impl Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.file.read(buffer)?;
        self.hasher.update(&buffer[..len]);
        Ok(len)
    }
}

/// The files of a corpus of several.
#[derive(Default)]
pub(super) struct FileList {
    hasher: Sha256,
    files: u64,
}

impl FileList {
    /// Adds a file with its SHA-256 and its path from the corpus' folder on.
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
