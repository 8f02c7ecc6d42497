//! WebDataset: samples in tar archives.

mod about;
mod index;
pub(crate) mod keys;

pub(crate) use about::About;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::layout::{Layout, lines, names};
use super::mask::{as_large, levels_of};
use crate::damage::{Damage, Records};
use crate::listed::taken;
use crate::load::{MAX_DECODED_BYTES, decode, decode_any};
use crate::{Damaged, DamagedFile, DataError, ImageSource, Listed, Sample, Segmentation};
use index::{Member, WebSample, index};

/// WebDataset: samples in tar archives, the shards, of one folder.
///
/// ```text
/// root/00000.tar    000.jpg 000.txt 000.json 001.jpg 001.txt ...
/// root/00001.tar
/// ```
///
/// Files of the same path up to the first dot of the name, one after the other, are one sample, and the rest of the name is
/// their key. Of the keys, in small or capital letters, these are read:
///
/// * `jpg`, `jpeg`, `png` or `webp`: the image, one for each sample;
/// * `txt`: captions, one a line;
/// * `json`: an object whose `caption` or else `text`, a text, is the caption if there is no `txt`;
/// * `cls`: labels from coarse to fine, one a line;
/// * `labelmap.png`: the segmentation, a grey image as large as the image, whose levels are the labels;
/// * `vqct.json`: what [`pack`](crate::pack) writes besides: an object of the sample's former `id`, `boxes` with `label`,
///   `left`, `top`, `width` and `height`, and `sides`, the labels of the segmentation that a mirrored image exchanges.
///
/// Samples are in the order of the shards' names, then of the archive; the id is `00000.tar/000`.
/// At opening only the archives' headers are read; any sample can then be read by itself, so the loader shuffles across
/// shards as it does with every source. The archives must not be compressed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebConfig {
    /// The folder of the shards: all files in it whose names end in `.tar`.
    pub root: PathBuf,
    /// What becomes of a damaged sample.
    #[serde(default)]
    pub damaged: Damaged,
}

/// The samples of WebDataset's shards.
#[derive(Debug)]
pub struct WebShards {
    root: PathBuf,
    shards: Vec<String>,
    samples: Vec<WebSample>,
    damaged: Damaged,
    damage: Damage,
}

impl WebConfig {
    /// Reads the headers of all shards.
    ///
    /// # Errors
    ///
    /// All name the shard and the sample: there is no shard, one is damaged or cut short, a sample has no image or more than
    /// one, or its files are not together.
    pub fn open(&self) -> Result<WebShards, DataError> {
        let layout = Layout { name: "WebDataset", root: &self.root };
        let folder = layout.folder("", "shards, whose names end in .tar")?;
        let mut shards = names(&folder)?;
        shards.retain(|name| name.ends_with(".tar"));
        let mut samples = Vec::new();
        for (number, shard) in shards.iter().enumerate() {
            index(&layout, shard, number, &mut samples)?;
        }
        if samples.is_empty() {
            return Err(layout.refuse("samples in shards, whose names end in .tar", format!("{} shards", shards.len())));
        }
        let (root, damaged) = (self.root.clone(), self.damaged);
        Ok(WebShards { root, shards, samples, damaged, damage: Damage::default() })
    }
}

impl WebShards {
    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The shards' names, in order.
    #[must_use]
    pub fn shards(&self) -> &[String] {
        &self.shards
    }

    fn bytes(&self, sample: &WebSample, member: Member) -> Result<Vec<u8>, DataError> {
        if member.length > MAX_DECODED_BYTES {
            let expected = format!("a file of at most {MAX_DECODED_BYTES} bytes");
            return Err(DataError::unexpected(
                format!("read {}", self.id_of(sample)),
                expected,
                format!("{} bytes", member.length),
            ));
        }
        read_range(&self.root.join(&self.shards[sample.shard]), member.start, member.length as usize)
    }

    fn text(&self, sample: &WebSample, member: Member) -> Result<String, DataError> {
        String::from_utf8(self.bytes(sample, member)?).map_err(|error| {
            let got = format!("other bytes after {}", error.utf8_error().valid_up_to());
            DataError::unexpected(format!("read a text of {}", self.id_of(sample)), "text in UTF-8", got)
        })
    }

    fn captions(&self, sample: &WebSample) -> Result<Vec<String>, DataError> {
        if let Some(text) = sample.text {
            return Ok(lines(&self.text(sample, text)?));
        }
        let Some(json) = sample.json else {
            return Ok(Vec::new());
        };
        let object: Value = serde_json::from_slice(&self.bytes(sample, json)?)
            .map_err(|source| DataError::Json { what: format!("the json of {}", self.id_of(sample)), source })?;
        let caption = ["caption", "text"].into_iter().find_map(|key| object.get(key)?.as_str());
        Ok(caption.map(lines).unwrap_or_default())
    }

    fn about(&self, sample: &WebSample) -> Result<About, DataError> {
        let Some(about) = sample.about else {
            return Ok(About::default());
        };
        serde_json::from_slice(&self.bytes(sample, about)?).map_err(|source| DataError::Json {
            what: format!("the {} of {}", keys::ABOUT, self.id_of(sample)),
            source,
        })
    }

    fn id_of(&self, sample: &WebSample) -> String {
        format!("{}/{}", self.shards[sample.shard], sample.name)
    }
}

impl Records for WebShards {
    fn what(&self) -> String {
        format!("WebDataset in {}", self.root.display())
    }

    fn count(&self) -> usize {
        self.samples.len()
    }

    fn read(&self, index: usize) -> Result<Sample, DataError> {
        let sample = &self.samples[index];
        let id = self.id_of(sample);
        let image = decode(&self.bytes(sample, sample.image)?, &self.root.join(&id).display().to_string())?;
        let mut captions = self.captions(sample)?.into_iter();
        let labels = match sample.class {
            Some(class) => lines(&self.text(sample, class)?),
            None => Vec::new(),
        };
        let About { boxes, sides, .. } = self.about(sample)?;
        let segmentation = match sample.map {
            Some(member) => {
                let what = format!("{}.{}", self.root.join(&id).display(), keys::MAP);
                let map = levels_of(decode_any(&self.bytes(sample, member)?, &what)?, &what)?;
                Some(Segmentation { map: as_large(map, &what, image.width(), image.height())?, sides: sides.into() })
            }
            None => None,
        };
        let caption = captions.next();
        Ok(Sample { id, image, caption, more_captions: captions.collect(), labels, segmentation, boxes })
    }

    fn path(&self, index: usize) -> PathBuf {
        self.root.join(self.id_of(&self.samples[index]))
    }
}

impl ImageSource for WebShards {
    fn len(&self) -> usize {
        self.samples.len()
    }

    fn get(&self, index: usize) -> Result<Sample, DataError> {
        self.damage.get(self, self.damaged, index)
    }

    fn file(&self, index: usize) -> Option<PathBuf> {
        (index < self.len()).then(|| self.path(index))
    }

    fn damaged(&self) -> Vec<DamagedFile> {
        self.damage.files()
    }
}

impl Listed for WebShards {
    fn id(&self, index: usize) -> Option<String> {
        self.samples.get(index).map(|sample| self.id_of(sample))
    }

    fn part(&self, takes: &dyn Fn(usize) -> bool) -> Arc<dyn Listed> {
        Arc::new(Self {
            root: self.root.clone(),
            shards: self.shards.clone(),
            samples: taken(&self.samples, takes),
            damaged: self.damaged,
            damage: Damage::default(),
        })
    }
}

/// A part of a file.
pub(super) fn read_range(path: &Path, start: u64, length: usize) -> Result<Vec<u8>, DataError> {
    let failed = |source| DataError::Io { op: "read a part of a file", path: path.to_owned(), source };
    let mut file = File::open(path).map_err(failed)?;
    file.seek(SeekFrom::Start(start)).map_err(failed)?;
    let mut bytes = vec![0; length];
    file.read_exact(&mut bytes).map_err(failed)?;
    Ok(bytes)
}
