//! Writes the samples of any source as shards.

mod config;
mod encode;
mod folder;
mod manifest;
mod shard;

pub use config::{PackConfig, PackEncoding};
pub use manifest::{PackFormat, PackManifest, PackedShard};

use std::collections::HashSet;
use std::path::Path;

use rayon::prelude::*;
use serde_json::Value;

use crate::fault::is_damage;
use crate::transform::square_sample;
use crate::{Damaged, DataError, Fault, ImageSource};
use encode::{PackedFile, files};
use folder::NewFolder;
use shard::ShardWriter;

/// The number of encoded samples that are held in memory at a time.
const AHEAD: usize = 256;

/// The largest number of shards whose names are in the order of their numbers.
const MAX_SHARDS: usize = 1_000_000;

/// The text of [`PackManifest::resize`].
const RESIZE: &str = "largest square in the middle; Catmull-Rom (bicubic, a = -0.5), widened when shrinking, on \
                      premultiplied alpha; segmentations to the nearest pixel";

/// The arguments of [`pack`].
#[derive(Clone, Copy)]
pub struct Packing<'a> {
    /// The samples.
    pub source: &'a dyn ImageSource,
    /// The source's configuration, for the manifest.
    pub source_config: &'a Value,
    /// How the samples are packed.
    pub config: &'a PackConfig,
    /// The folder to create.
    pub out: &'a Path,
}

/// Writes the samples of a source, in its order, as WebDataset shards with a [`PackManifest`], for
/// [`WebConfig`](crate::WebConfig) to read.
///
/// ```text
/// OUT/000000.tar       00000000.png 00000000.txt 00000000.cls 00000000.labelmap.png 00000000.vqct.json 00000001.png ...
/// OUT/000001.tar
/// OUT/manifest.json
/// ```
///
/// Images are cropped and resized by [`center_square`](crate::center_square); segmentations and boxes go through the
/// same crop and resize.
/// Captions and labels are written one a line: line breaks within them become spaces, and blank ones are left out.
/// The bytes depend on the samples alone, not on the number of threads; all cores are used (rayon's global pool).
/// The folder is built as `OUT.partial` and renamed when everything is on disk.
/// `progress` is called after each sample that was read.
///
/// # Errors
///
/// If a value of the configuration is out of range, `out` or `OUT.partial` exists already, a file cannot be written, a
/// sample cannot be read, a sample is damaged and [`PackConfig::damaged`] is not `skip`, or no sample is sound. An
/// error leaves no new folder.
pub fn pack(packing: Packing<'_>, progress: &(dyn Fn() + Sync)) -> Result<PackManifest, DataError> {
    let Packing { source, source_config, config, out } = packing;
    config.check()?;
    if source.len().div_ceil(config.samples_per_shard) > MAX_SHARDS {
        let got = format!("{} samples, {} a shard", source.len(), config.samples_per_shard);
        return Err(DataError::unexpected("pack", format!("at most {MAX_SHARDS} shards"), got));
    }
    let folder = NewFolder::create(out)?;
    let mut shards = Shards::new(folder.path(), config, source_config);
    for start in (0..source.len()).step_by(AHEAD) {
        let end = (start + AHEAD).min(source.len());
        let read = (start..end).into_par_iter().map(|index| {
            let sample = Read::sample(source, index, config);
            progress();
            sample
        });
        // In the source's order, including errors.
        for sample in read.collect::<Vec<_>>() {
            match sample? {
                Read::Sound(sample) if shards.ids.insert(sample.id.clone()) => shards.add(&sample)?,
                Read::Sound(_) if !source.damaged().is_empty() => {}
                Read::Sound(Packed { id, .. }) => {
                    return Err(DataError::unexpected("pack", "every sample once", format!("{id} twice")));
                }
                Read::Damaged(fault) => shards.manifest.damaged.push(fault),
            }
        }
        if let (Damaged::Fail, Some(file)) = (config.damaged, source.damaged().into_iter().next()) {
            return Err(DataError::unexpected("pack", "sound samples", file.reason));
        }
    }
    let mut manifest = shards.finish()?;
    manifest.damaged.extend(source.damaged().into_iter().map(Fault::from));
    if manifest.samples == 0 {
        let got = format!("none of {} samples", source.len());
        return Err(DataError::unexpected(format!("pack into {}", out.display()), "at least one sound sample", got));
    }
    manifest.write(folder.path())?;
    folder.finish()?;
    Ok(manifest)
}

/// The result of reading a sample.
enum Read {
    Sound(Packed),
    Damaged(Fault),
}

/// An encoded sample.
struct Packed {
    id: String,
    files: Vec<PackedFile>,
    captions: usize,
    labelled: bool,
    segmented: bool,
    boxed: bool,
    enlarged: bool,
}

impl Read {
    fn sample(source: &dyn ImageSource, index: usize, config: &PackConfig) -> Result<Self, DataError> {
        match Packed::new(source, index, config) {
            Ok(packed) => Ok(Self::Sound(packed)),
            Err(error) if config.damaged == Damaged::Skip && is_damage(&error) => {
                Ok(Self::Damaged(Fault::of(source, index, &error)))
            }
            Err(error) => Err(error),
        }
    }
}

impl Packed {
    fn new(source: &dyn ImageSource, index: usize, config: &PackConfig) -> Result<Self, DataError> {
        let sample = source.get(index)?;
        let enlarged = sample.image.width().min(sample.image.height()) < config.size;
        let sample = square_sample(sample, config.size)?;
        Ok(Self {
            id: sample.id.clone(),
            captions: sample.caption.iter().chain(&sample.more_captions).filter(|text| !text.trim().is_empty()).count(),
            labelled: !sample.labels.is_empty(),
            segmented: sample.segmentation.is_some(),
            boxed: !sample.boxes.is_empty(),
            enlarged,
            files: files(sample, config.encoding)?,
        })
    }
}

/// The shards that were written so far.
struct Shards<'a> {
    folder: &'a Path,
    open: Option<ShardWriter>,
    /// The ids of the packed samples: a source that skips damaged samples returns another one twice.
    ids: HashSet<String>,
    manifest: PackManifest,
}

impl<'a> Shards<'a> {
    fn new(folder: &'a Path, config: &PackConfig, source_config: &Value) -> Self {
        let manifest = PackManifest {
            format: PackFormat::One,
            source: source_config.clone(),
            pack: config.clone(),
            resize: RESIZE.to_owned(),
            samples: 0,
            captions: 0,
            captioned: 0,
            labelled: 0,
            segmented: 0,
            boxed: 0,
            enlarged: 0,
            damaged: Vec::new(),
            shards: Vec::new(),
        };
        Self { folder, open: None, ids: HashSet::new(), manifest }
    }

    fn add(&mut self, sample: &Packed) -> Result<(), DataError> {
        if self.open.as_ref().is_some_and(|shard| shard.samples == self.manifest.pack.samples_per_shard) {
            self.close()?;
        }
        let shard = match &mut self.open {
            Some(shard) => shard,
            none => {
                let name = format!("{:06}.tar", self.manifest.shards.len());
                none.insert(ShardWriter::create(self.folder.join(&name), name)?)
            }
        };
        let manifest = &mut self.manifest;
        shard.append(&format!("{:08}", manifest.samples), &sample.files)?;
        manifest.samples += 1;
        manifest.captions += sample.captions;
        manifest.captioned += usize::from(sample.captions > 0);
        manifest.labelled += usize::from(sample.labelled);
        manifest.segmented += usize::from(sample.segmented);
        manifest.boxed += usize::from(sample.boxed);
        manifest.enlarged += usize::from(sample.enlarged);
        Ok(())
    }

    fn close(&mut self) -> Result<(), DataError> {
        let finished = self.open.take().map(ShardWriter::finish).transpose()?;
        self.manifest.shards.extend(finished);
        Ok(())
    }

    fn finish(mut self) -> Result<PackManifest, DataError> {
        self.close()?;
        Ok(self.manifest)
    }
}
