use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::encode::PackedFile;
use super::manifest::{PackedShard, hex};
use crate::DataError;

/// A shard that is being written.
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

    /// Adds the files of a sample, one after the other, under this name.
    pub(super) fn append(&mut self, name: &str, files: &[PackedFile]) -> Result<(), DataError> {
        for file in files {
            // The same samples make the same bytes, whoever packs them and when.
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

    /// Ends the archive and has it on disk.
    pub(super) fn finish(self) -> Result<PackedShard, DataError> {
        let Self { name, path, archive, samples } = self;
        let end = || {
            let mut hashed = archive.into_inner()?;
            hashed.flush()?;
            hashed.file.get_ref().sync_all()?;
            Ok(hashed)
        };
        match end() {
            Ok(Hashed { digest, bytes, .. }) => Ok(PackedShard { name, samples, bytes, sha256: hex(digest) }),
            Err(source) => Err(DataError::Write { path, source }),
        }
    }
}

/// A file whose bytes are hashed on their way.
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
