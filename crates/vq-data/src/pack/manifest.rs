//! The manifest of packed shards.

use std::fs::File;
use std::io;
use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use vq_file::hex;

use super::config::PackConfig;
use crate::{DataError, Fault};

/// The name of a manifest beside its shards.
const FILE: &str = "manifest.json";

/// The record of what [`pack`](crate::pack) wrote: `manifest.json` beside the shards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackManifest {
    /// The format of this file.
    pub format: PackFormat,
    /// The configuration of the source.
    pub source: Value,
    /// The packing options.
    pub pack: PackConfig,
    /// The crop and the resize filter, in words.
    pub resize: String,
    /// The number of samples in all shards.
    pub samples: usize,
    /// The number of captions of all samples.
    pub captions: usize,
    /// The number of samples with a caption.
    pub captioned: usize,
    /// The number of samples with a label.
    pub labelled: usize,
    /// The number of samples with a segmentation.
    pub segmented: usize,
    /// The number of samples with a box.
    pub boxed: usize,
    /// The number of images that were smaller than the packed size.
    pub enlarged: usize,
    /// The damaged samples, which were left out.
    pub damaged: Vec<Fault>,
    /// The shards, in order.
    pub shards: Vec<PackedShard>,
}

/// The format of a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PackFormat {
    /// Version 1.
    #[serde(rename = "vqct shards 1")]
    One,
}

/// A shard of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedShard {
    /// The file name.
    pub name: String,
    /// The number of samples in it.
    pub samples: usize,
    /// The size of the file.
    pub bytes: u64,
    /// The SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

impl PackManifest {
    /// The manifest in a folder; `None` if there is no `manifest.json`, or one of another program, with another
    /// `format` or none.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or does not have the documented fields.
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

    /// The shards in a folder whose length or hash differs from the manifest.
    #[must_use]
    pub fn verify(&self, folder: &Path) -> Vec<Fault> {
        let fault = |shard: &PackedShard| {
            let path = folder.join(&shard.name);
            let reason = match fingerprint(&path) {
                Ok(found) if found.bytes != shard.bytes => {
                    format!("expected {} bytes, as in {FILE}, got {}", shard.bytes, found.bytes)
                }
                Ok(found) if found.sha256 != shard.sha256 => {
                    format!("expected SHA-256 {}, as in {FILE}, got {}", shard.sha256, found.sha256)
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

/// Length and hash of a file.
struct Fingerprint {
    bytes: u64,
    sha256: String,
}

fn fingerprint(path: &Path) -> io::Result<Fingerprint> {
    let mut digest = Sha256::new();
    let bytes = io::copy(&mut File::open(path)?, &mut digest)?;
    Ok(Fingerprint { bytes, sha256: hex(&digest.finalize()) })
}
