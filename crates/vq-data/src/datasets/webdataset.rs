//! WebDataset: samples in tar archives.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::damage::{Damage, Records};
use crate::dataset::dir::{DatasetDir, lines, names, read_range};
use crate::dataset::mask::{check_size, levels_of};
use crate::listed::taken;
use crate::load::{MAX_DECODED_BYTES, decode, decode_any};
use crate::shards::index::{Member, WebSample, index};
use crate::shards::keys;
use crate::shards::metadata::SampleMetadata;
use crate::{Damaged, DamagedFile, DataError, DatasetLayout, ImageSource, Listed, Sample, Segmentation};

/// WebDataset: samples in the tar archives (shards) of one folder.
///
/// ```text
/// root/00000.tar    000.jpg 000.txt 000.json 001.jpg 001.txt ...
/// root/00001.tar
/// ```
///
/// Consecutive files with the same path up to the first dot of the name are one sample, and the rest of the name is the
/// key of a file. These keys are read, in lower or upper case:
///
/// * `jpg`, `jpeg`, `png` or `webp`: the image; each sample has one;
/// * `txt`: captions, one a line;
/// * `json`: an object whose `caption`, or else `text`, is the caption if there is no `txt`;
/// * `cls`: labels from coarse to fine, one a line;
/// * `labelmap.png`: the segmentation, a grey image as large as the image, whose levels are the labels;
/// * `vqct.json`: written by [`pack`](crate::pack): an object with the sample's `id` in the packed source, `boxes` with
///   `label`, `left`, `top`, `width` and `height`, and `sides`, the labels of the segmentation that a mirrored image
///   exchanges.
///
/// Samples are in the order of the shards' names, then of the archive; the id is `00000.tar/000`.
/// Opening reads only the headers of the archives. Any sample can then be read by itself, so the loader shuffles across
/// shards as it does with every source. The archives must not be compressed.
/// The layout is recognized by a file `*.tar`.
///
/// # Errors of opening
///
/// All name the shard and the sample: there is no shard, one is damaged or truncated, a sample has no image or more
/// than one, or the files of a sample are not next to each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebConfig {
    /// The folder of the shards, which are all files whose names end in `.tar`.
    pub root: PathBuf,
    /// What is done with a damaged sample.
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

impl DatasetLayout for WebConfig {
    const NAME: &'static str = "WebDataset";
    type Source = WebShards;

    fn with_defaults(root: &Path) -> Result<Self, DataError> {
        Ok(Self { root: root.to_owned(), damaged: Damaged::default() })
    }

    fn detect(root: &Path) -> Result<bool, DataError> {
        Ok(names(root)?.iter().any(|name| name.ends_with(".tar")))
    }

    fn open(&self) -> Result<WebShards, DataError> {
        let dir = DatasetDir { name: Self::NAME, root: &self.root };
        let folder = dir.folder("", "shards, whose names end in .tar")?;
        let mut shards = names(&folder)?;
        shards.retain(|name| name.ends_with(".tar"));
        let mut samples = Vec::new();
        for (number, shard) in shards.iter().enumerate() {
            index(&dir, shard, number, &mut samples)?;
        }
        if samples.is_empty() {
            return Err(dir.refuse("samples in shards, whose names end in .tar", format!("{} shards", shards.len())));
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

    fn metadata(&self, sample: &WebSample) -> Result<SampleMetadata, DataError> {
        let Some(metadata) = sample.metadata else {
            return Ok(SampleMetadata::default());
        };
        serde_json::from_slice(&self.bytes(sample, metadata)?).map_err(|source| DataError::Json {
            what: format!("the {} of {}", keys::METADATA, self.id_of(sample)),
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
        let SampleMetadata { boxes, sides, .. } = self.metadata(sample)?;
        let segmentation = match sample.map {
            Some(member) => {
                let what = format!("{}.{}", self.root.join(&id).display(), keys::MAP);
                let map = levels_of(decode_any(&self.bytes(sample, member)?, &what)?, &what)?;
                Some(Segmentation { map: check_size(map, &what, image.width(), image.height())?, sides: sides.into() })
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
