use std::fs::File;
use std::io;
use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::PackConfig;
use crate::{DataError, Fault};

/// The name of a manifest beside its shards.
const FILE: &str = "manifest.json";

/// What [`pack`](super::pack) wrote, and of what; `manifest.json` beside the shards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackManifest {
    /// What kind of file this is.
    pub format: PackFormat,
    /// The configuration of the source.
    pub source: Value,
    /// How it was packed.
    pub pack: PackConfig,
    /// Which part of an image was taken, and how it was resized.
    pub resize: String,
    /// Samples in all shards.
    pub samples: usize,
    /// Captions of all samples.
    pub captions: usize,
    /// Samples with a caption.
    pub captioned: usize,
    /// Samples with a label.
    pub labelled: usize,
    /// Samples with a segmentation.
    pub segmented: usize,
    /// Samples with a box.
    pub boxed: usize,
    /// Images that were smaller than the packed size.
    pub enlarged: usize,
    /// What was left out.
    pub damaged: Vec<Fault>,
    /// In order.
    pub shards: Vec<PackedShard>,
}

/// The kind of file that a manifest is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PackFormat {
    /// The first one.
    #[serde(rename = "vqct shards 1")]
    One,
}

/// A shard of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedShard {
    /// The name of its file.
    pub name: String,
    /// Samples in it.
    pub samples: usize,
    /// The length of its file.
    pub bytes: u64,
    /// Of its file, in hexadecimal digits.
    pub sha256: String,
}

impl PackManifest {
    /// The manifest in a folder; none if there is no `manifest.json`, or one of somebody else's, which has another `format`
    /// or none.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or has other fields than it should.
    pub fn find(folder: &Path) -> Result<Option<Self>, DataError> {
        let path = folder.join(FILE);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(DataError::Io { op: "read a manifest", path, source }),
        };
        let ours = serde_json::from_slice::<Value>(&text)
            .is_ok_and(|value| value.get("format").is_some_and(|format| PackFormat::deserialize(format).is_ok()));
        if !ours {
            return Ok(None);
        }
        let what = || path.display().to_string();
        serde_json::from_slice(&text).map(Some).map_err(|source| DataError::Json { what: what(), source })
    }

    /// The shards in a folder that are not as the manifest says, by length and hash.
    #[must_use]
    pub fn verify(&self, folder: &Path) -> Vec<Fault> {
        let fault = |shard: &PackedShard| {
            let path = folder.join(&shard.name);
            let reason = match fingerprint(&path) {
                Ok(found) if found.bytes != shard.bytes => {
                    format!("expected {} bytes, as {FILE} says, got {}", shard.bytes, found.bytes)
                }
                Ok(found) if found.sha256 != shard.sha256 => {
                    format!("expected SHA-256 {}, as {FILE} says, got {}", shard.sha256, found.sha256)
                }
                Ok(_) => return None,
                Err(error) => error.to_string(),
            };
            Some(Fault { sample: path.display().to_string(), reason })
        };
        self.shards.par_iter().filter_map(fault).collect()
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), DataError> {
        let path = folder.join(FILE);
        let write = || {
            let mut file = File::create_new(&path)?;
            serde_json::to_writer_pretty(&mut file, self)?;
            file.sync_all()
        };
        write().map_err(|source| DataError::Write { path: path.clone(), source })
    }
}

/// What a file is known by.
struct Fingerprint {
    bytes: u64,
    sha256: String,
}

fn fingerprint(path: &Path) -> io::Result<Fingerprint> {
    let mut digest = Sha256::new();
    let bytes = io::copy(&mut File::open(path)?, &mut digest)?;
    Ok(Fingerprint { bytes, sha256: hex(digest) })
}

/// A digest in hexadecimal digits.
pub(super) fn hex(digest: Sha256) -> String {
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
