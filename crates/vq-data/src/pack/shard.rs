//! One shard while it is written.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use sha2::{Digest, Sha256};
use vq_file::hex;

use super::encode::PackedFile;
use super::manifest::PackedShard;
use crate::DataError;

/// A shard while it is written.
pub(super) struct ShardWriter {
    name: String,
    path: PathBuf,
    archive: tar::Builder<Hashed>,
    pub(super) samples: usize,
}

impl ShardWriter {
    pub(super) fn create(path: PathBuf, name: String) -> Result<Self, DataError> {
        match File::create_new(&path) {
            Ok(file) => {
                let hashed = Hashed { file: BufWriter::new(file), digest: Sha256::new(), bytes: 0 };
                Ok(Self { name, path, archive: tar::Builder::new(hashed), samples: 0 })
            }
            Err(source) => Err(DataError::Write { path, source }),
        }
    }

    /// Appends the files of a sample under this name.
    pub(super) fn append(&mut self, name: &str, files: &[PackedFile]) -> Result<(), DataError> {
        for file in files {
            // The bytes must depend on the samples alone, not on user or time.
            let mut header = tar::Header::new_ustar();
            header.set_size(file.bytes.len() as u64);
            header.set_mode(0o644);
            header.set_uid(0);
            header.set_gid(0);
            header.set_mtime(0);
            let path = format!("{name}.{}", file.key);
            let appended = self.archive.append_data(&mut header, path, file.bytes.as_slice());
            appended.map_err(|source| DataError::Write { path: self.path.clone(), source })?;
        }
        self.samples += 1;
        Ok(())
    }

    /// Ends the archive and flushes it to disk.
    pub(super) fn finish(self) -> Result<PackedShard, DataError> {
        let Self { name, path, archive, samples } = self;
        let end = || {
            let mut hashed = archive.into_inner()?;
            hashed.flush()?;
            hashed.file.get_ref().sync_all()?;
            Ok(hashed)
        };
        match end() {
            Ok(Hashed { digest, bytes, .. }) => {
                Ok(PackedShard { name, samples, bytes, sha256: hex(&digest.finalize()) })
            }
            Err(source) => Err(DataError::Write { path, source }),
        }
    }
}

/// A file that hashes the bytes written to it.
struct Hashed {
    file: BufWriter<File>,
    digest: Sha256,
    bytes: u64,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
