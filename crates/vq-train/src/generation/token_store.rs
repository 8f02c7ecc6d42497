//! The ids of a set of images, in one file that is read where it lies.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};

use safetensors::tensor::Metadata;
use safetensors::{Dtype, SafeTensors, View};
use serde::{Deserialize, Serialize};
use tch::{Device, Tensor};
use vq_generate::{Grid, TokenGrid};

use super::mapped::MappedFile;
use crate::atomic_file::write_atomically;
use crate::{DataConfig, TrainError};

const KEY: &str = "vqct-token-store";
const FORMAT: u32 = 1;

/// What a store says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreHeader {
    /// The version of the format, 1.
    pub format: u32,
    /// The program that wrote it.
    pub written_by: String,
    /// Of the images.
    pub tokens: StoredTokens,
    /// Of their segmentations, if they have any.
    pub segmentation: Option<StoredTokens>,
    /// The images that the ids are of.
    pub images: StoredImages,
    /// The labels that images have, from coarse to fine; each once.
    pub labels: Vec<Vec<String>>,
}

/// Which images ids are of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredImages {
    /// As configured, if they were.
    pub data: Option<DataConfig>,
    /// Which part of these.
    pub part: StoredPart,
    /// SHA-256 of the images as the tokenizer was given them, and of their captions, as
    /// [`EvaluatedData`](crate::EvaluatedData) has it.
    pub sha256: String,
}

/// A part of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoredPart {
    /// To train on.
    Train,
    /// To validate on.
    Validation,
}

/// Which tokenizer made ids, and how they lie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredTokens {
    /// SHA-256 of the tokenizer's checkpoint, and of the choice of weights where there is one.
    pub tokenizer: String,
    /// `H`.
    pub rows: i64,
    /// `W`.
    pub columns: i64,
    /// The ids of each slot.
    pub slots: Vec<Range<i64>>,
}

impl StoredTokens {
    /// Of a tokenizer and a grid.
    pub fn of(tokenizer: &str, grid: &TokenGrid) -> Self {
        let TokenGrid { grid: Grid { rows, columns }, layout } = grid;
        let slots = layout.slots.iter().map(|slot| slot.codes.clone()).collect();
        Self { tokenizer: tokenizer.to_owned(), rows: *rows, columns: *columns, slots }
    }

    fn ids(&self) -> usize {
        let side = |side: i64| usize::try_from(side).unwrap_or(0);
        side(self.rows).saturating_mul(side(self.columns)).saturating_mul(self.slots.len())
    }

    fn shape(&self, images: usize) -> [usize; 4] {
        [images, self.rows as usize, self.columns as usize, self.slots.len()]
    }

    /// Bytes of an id: as few as hold them all.
    fn dtype(&self) -> Dtype {
        let fits = self.slots.iter().all(|slot| slot.end <= i64::from(u16::MAX) + 1);
        if fits { Dtype::U16 } else { Dtype::U32 }
    }
}

/// The ids of a set of images with their captions and labels, mapped into memory.
///
/// The file is in the safetensors format:
///
/// | Tensor | Type and shape | Content |
/// |---|---|---|
/// | `ids` | `U16` or `U32`, `[N, H, W, S]` | the tokenizer's ids |
/// | `segmentation` | the same | ids of the segmentations, by a tokenizer of their own; only if images have any |
/// | `text` | `U8 [bytes]` | all captions, one after another, in UTF-8 |
/// | `caption_ends` | `U64 [captions]` | where each ends in `text` |
/// | `captions` | `U64 [N]` | how many captions belong to the images up to and with each |
/// | `labels` | `U32 [N]` | the place of an image's labels in the header's list |
///
/// The container's metadata has the one key `vqct-token-store`: JSON of [`StoreHeader`].
#[derive(Debug)]
pub struct TokenStore {
    path: PathBuf,
    bytes: MappedFile,
    metadata: Metadata,
    /// Where the tensors begin.
    start: usize,
    header: StoreHeader,
    images: usize,
}

impl TokenStore {
    /// Opens a store and checks that its parts fit each other; ids are checked as they are read.
    ///
    /// # Errors
    /// [`TrainError::Io`] if it cannot be read, [`TrainError::Store`] if it is damaged or of another format.
    pub fn open(path: &Path) -> Result<Self, TrainError> {
        let bytes = MappedFile::open(path)?;
        let refuse = |expected: &str, got: String| TrainError::Store {
            path: path.to_path_buf(),
            expected: expected.into(),
            got,
        };
        let damaged = |error: safetensors::SafeTensorError| {
            refuse("a whole safetensors file", format!("{} bytes that are none: {error}", bytes.len()))
        };
        SafeTensors::deserialize(&bytes).map_err(damaged)?;
        let (header_length, metadata) = SafeTensors::read_metadata(&bytes).map_err(damaged)?;
        let about = metadata.metadata().as_ref().and_then(|facts| facts.get(KEY));
        let about = about.ok_or_else(|| refuse(&format!("metadata `{KEY}`"), "none".into()))?;
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let parse = |error: serde_json::Error| refuse("a header of a token store", error.to_string());
        let Version { format } = serde_json::from_str(about).map_err(parse)?;
        if format != FORMAT {
            return Err(refuse(&format!("format {FORMAT}"), format.to_string()));
        }
        let header: StoreHeader = serde_json::from_str(about).map_err(parse)?;
        let start = size_of::<u64>() + header_length;
        let mut store = Self { path: path.to_path_buf(), bytes, metadata, start, header, images: 0 };
        store.images = store.metadata.info("ids").and_then(|info| info.shape.first().copied()).unwrap_or(0);
        store.check()?;
        Ok(store)
    }

    /// What the store says of itself.
    pub fn header(&self) -> &StoreHeader {
        &self.header
    }

    /// Images.
    pub fn len(&self) -> usize {
        self.images
    }

    /// Whether there are none; never so.
    pub fn is_empty(&self) -> bool {
        self.images == 0
    }

    /// The ids of images, `[n, H, W, S]`, `Int64`, on the CPU.
    ///
    /// # Errors
    /// [`TrainError::Store`] if an id is none of its slot, or an image is not in the store.
    pub fn ids(&self, images: &[usize]) -> Result<Tensor, TrainError> {
        self.read("ids", &self.header.tokens, images)
    }

    /// The ids of their segmentations, if the store has them.
    ///
    /// # Errors
    /// Those of [`TokenStore::ids`].
    pub fn segmentation(&self, images: &[usize]) -> Result<Option<Tensor>, TrainError> {
        let tokens = self.header.segmentation.as_ref();
        tokens.map(|tokens| self.read("segmentation", tokens, images)).transpose()
    }

    /// All captions of an image.
    ///
    /// # Errors
    /// [`TrainError::Store`] if they are damaged, or the image is not in the store.
    pub fn captions(&self, image: usize) -> Result<Vec<String>, TrainError> {
        self.check_image(image)?;
        let until = |at: Option<usize>, name| at.map_or(0, |at| self.word(name, at) as usize);
        let captions = until(image.checked_sub(1), "captions")..until(Some(image), "captions");
        let text = self.tensor("text");
        captions
            .map(|caption| {
                let span = until(caption.checked_sub(1), "caption_ends")..until(Some(caption), "caption_ends");
                let bytes = text.get(span.clone()).ok_or_else(|| self.damage("text", format!("no {span:?}")))?;
                Ok(std::str::from_utf8(bytes).map_err(|error| self.damage("text", error.to_string()))?.to_owned())
            })
            .collect()
    }

    /// The labels of an image, from coarse to fine.
    ///
    /// # Errors
    /// [`TrainError::Store`] if they are damaged, or the image is not in the store.
    pub fn labels(&self, image: usize) -> Result<&[String], TrainError> {
        self.check_image(image)?;
        let place = self.tensor("labels").chunks_exact(size_of::<u32>()).nth(image).map(number);
        let labels = place.and_then(|place| self.header.labels.get(place as usize));
        Ok(labels.ok_or_else(|| self.damage("labels", format!("place {place:?}")))?)
    }

    fn check(&self) -> Result<(), TrainError> {
        let StoreHeader { tokens, segmentation, .. } = &self.header;
        let images = self.images;
        if images == 0 || tokens.ids() == 0 {
            return Err(self.damage("ids", "none".into()));
        }
        self.check_tensor("ids", tokens.dtype(), &tokens.shape(images))?;
        if let Some(tokens) = segmentation {
            self.check_tensor("segmentation", tokens.dtype(), &tokens.shape(images))?;
        }
        self.check_tensor("captions", Dtype::U64, &[images])?;
        self.check_tensor("labels", Dtype::U32, &[images])?;
        self.check_tensor("caption_ends", Dtype::U64, &[self.word("captions", images - 1) as usize])
    }

    fn check_tensor(&self, name: &str, dtype: Dtype, shape: &[usize]) -> Result<(), TrainError> {
        match self.metadata.info(name) {
            Some(info) if info.dtype == dtype && info.shape == shape => Ok(()),
            Some(info) => {
                Err(self.refuse(format!("`{name}`, {dtype:?} {shape:?}"), format!("{:?} {:?}", info.dtype, info.shape)))
            }
            None => Err(self.refuse(format!("`{name}`, {dtype:?} {shape:?}"), "none".into())),
        }
    }

    fn check_image(&self, image: usize) -> Result<(), TrainError> {
        match image < self.images {
            true => Ok(()),
            false => Err(self.refuse(format!("an image below {}", self.images), image.to_string())),
        }
    }

    fn read(&self, name: &str, tokens: &StoredTokens, images: &[usize]) -> Result<Tensor, TrainError> {
        let all = self.tensor(name);
        let width = tokens.dtype().bitsize() / 8;
        let bytes = tokens.ids() * width;
        let mut ids = Vec::with_capacity(images.len() * tokens.ids());
        for &image in images {
            self.check_image(image)?;
            let of_image = all.get(image * bytes..(image + 1) * bytes).unwrap_or_default();
            for (id, slot) in of_image.chunks_exact(width).map(number).zip(tokens.slots.iter().cycle()) {
                let id = id as i64;
                if !slot.contains(&id) {
                    return Err(self.refuse(format!("ids of image {image} in {slot:?}"), id.to_string()));
                }
                ids.push(id);
            }
        }
        Ok(Tensor::f_from_slice(&ids)?.f_view(tokens.shape(images.len()).map(|side| side as i64))?)
    }

    /// An entry of a tensor of `U64`; 0 if there is none.
    fn word(&self, name: &str, at: usize) -> u64 {
        self.tensor(name).chunks_exact(size_of::<u64>()).nth(at).map_or(0, number)
    }

    fn tensor(&self, name: &str) -> &[u8] {
        let Some(info) = self.metadata.info(name) else { return &[] };
        let (from, to) = info.data_offsets;
        self.bytes.get(self.start + from..self.start + to).unwrap_or_default()
    }

    fn damage(&self, name: &str, got: String) -> TrainError {
        self.refuse(format!("a sound `{name}`"), got)
    }

    fn refuse(&self, expected: String, got: String) -> TrainError {
        TrainError::Store { path: self.path.clone(), expected, got }
    }
}

/// Little-endian bytes as a number.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte))
}

/// Collects what becomes a [`TokenStore`].
#[derive(Debug)]
pub struct TokenStoreWriter {
    tokens: StoredTokens,
    segmentation: Option<StoredTokens>,
    ids: Vec<u8>,
    segmentation_ids: Vec<u8>,
    text: Vec<u8>,
    caption_ends: Vec<u64>,
    captions: Vec<u64>,
    label_places: HashMap<Vec<String>, u32>,
    labels: Vec<u32>,
}

/// Images that go into a store.
#[derive(Debug)]
pub struct StoredBatch<'a> {
    /// `[n, H, W, S]`, `Int64`.
    pub ids: &'a Tensor,
    /// The ids of their segmentations, if the store has them.
    pub segmentation: Option<&'a Tensor>,
    /// All captions of each.
    pub captions: &'a [Vec<String>],
    /// The labels of each, from coarse to fine.
    pub labels: &'a [Vec<String>],
}

impl TokenStoreWriter {
    /// A store without images.
    pub fn new(tokens: StoredTokens, segmentation: Option<StoredTokens>) -> Self {
        Self {
            tokens,
            segmentation,
            ids: Vec::new(),
            segmentation_ids: Vec::new(),
            text: Vec::new(),
            caption_ends: Vec::new(),
            captions: Vec::new(),
            label_places: HashMap::new(),
            labels: Vec::new(),
        }
    }

    /// Takes in a batch.
    ///
    /// # Errors
    /// [`TrainError::Shape`] if the parts are not of the same images, or the ids of another grid.
    pub fn push(&mut self, batch: &StoredBatch<'_>) -> Result<(), TrainError> {
        let images = batch.captions.len();
        push_ids(&mut self.ids, &self.tokens, batch.ids, images)?;
        if let (Some(tokens), Some(ids)) = (&self.segmentation, batch.segmentation) {
            push_ids(&mut self.segmentation_ids, tokens, ids, images)?;
        }
        for (captions, labels) in batch.captions.iter().zip(batch.labels) {
            for caption in captions {
                self.text.extend_from_slice(caption.as_bytes());
                self.caption_ends.push(self.text.len() as u64);
            }
            self.captions.push(self.caption_ends.len() as u64);
            let next = self.label_places.len() as u32;
            let place = self.label_places.get(labels).copied().unwrap_or(next);
            if place == next {
                self.label_places.insert(labels.clone(), next);
            }
            self.labels.push(place);
        }
        Ok(())
    }

    /// Writes the store in one move; gives its images.
    ///
    /// # Errors
    /// [`TrainError::Io`] if it cannot be written.
    pub fn write(self, path: &Path, of: StoredImages) -> Result<usize, TrainError> {
        let images = self.labels.len();
        let mut labels = vec![Vec::new(); self.label_places.len()];
        for (path, place) in self.label_places {
            labels[place as usize] = path;
        }
        let header = StoreHeader {
            format: FORMAT,
            written_by: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).into(),
            tokens: self.tokens.clone(),
            segmentation: self.segmentation.clone(),
            images: of,
            labels,
        };
        let words = |words: &[u64]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
        let places = self.labels.iter().flat_map(|place| place.to_le_bytes()).collect();
        let mut entries = vec![
            ("ids", Entry { dtype: self.tokens.dtype(), shape: self.tokens.shape(images).to_vec(), bytes: self.ids }),
            ("text", Entry { dtype: Dtype::U8, shape: vec![self.text.len()], bytes: self.text }),
            (
                "caption_ends",
                Entry { dtype: Dtype::U64, shape: vec![self.caption_ends.len()], bytes: words(&self.caption_ends) },
            ),
            ("captions", Entry { dtype: Dtype::U64, shape: vec![images], bytes: words(&self.captions) }),
            ("labels", Entry { dtype: Dtype::U32, shape: vec![images], bytes: places }),
        ];
        if let Some(tokens) = &self.segmentation {
            let (dtype, shape) = (tokens.dtype(), tokens.shape(images).to_vec());
            entries.push(("segmentation", Entry { dtype, shape, bytes: self.segmentation_ids }));
        }
        let encode = |error: String| TrainError::io("encode", path)(std::io::Error::other(error));
        let about = serde_json::to_string(&header).map_err(|error| encode(error.to_string()))?;
        let facts = HashMap::from([(KEY.to_owned(), about)]);
        let bytes = safetensors::serialize(entries, Some(facts)).map_err(|error| encode(error.to_string()))?;
        write_atomically(path, |file| file.write_all(&bytes))?;
        Ok(images)
    }
}

fn push_ids(bytes: &mut Vec<u8>, tokens: &StoredTokens, ids: &Tensor, images: usize) -> Result<(), TrainError> {
    let expected = tokens.shape(images).map(|side| side as i64);
    if ids.size() != expected {
        let expected = format!("ids of {expected:?}");
        return Err(TrainError::Shape { op: "TokenStoreWriter::push", expected, got: vec![ids.size()] });
    }
    let width = tokens.dtype().bitsize() / 8;
    for id in Vec::<i64>::try_from(ids.to_device(Device::Cpu).contiguous().view(-1))? {
        bytes.extend_from_slice(&id.to_le_bytes()[..width]);
    }
    Ok(())
}

struct Entry {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl View for Entry {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}
