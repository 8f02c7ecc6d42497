//! The ids of a set of images, in one file that is read where it lies.

use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tch::Tensor;
use vq_experiment::{DataConfig, modernize_json};
use vq_file::{Dtype, TensorFile};
use vq_generate::{Grid, TokenGrid};

use crate::PipelineError;

pub(super) const WHAT: &str = "token store";
pub(super) const KEY: &str = "vqct-token-store";
pub(super) const FORMAT: u32 = 1;

/// The header of a store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreHeader {
    /// The version of the format, 1.
    pub format: u32,
    /// The program that wrote it.
    pub written_by: String,
    /// The ids of the images.
    pub tokens: StoredTokens,
    /// The ids of their segmentations, if they have any.
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
    /// The data, as configured; none for other images.
    pub data: Option<DataConfig>,
    /// Which part of the data.
    pub part: StoredPart,
    /// SHA-256 of images and captions ([`DataHash`](crate::DataHash)).
    pub sha256: String,
}

/// A part of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoredPart {
    /// The images to train on.
    Train,
    /// The images to validate on.
    Validation,
}

/// The tokenizer of ids, and their layout.
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
    /// The ids of a tokenizer in a grid.
    pub fn of(tokenizer: &str, grid: &TokenGrid) -> Self {
        let TokenGrid { grid: Grid { rows, columns }, layout } = grid;
        let slots = layout.slots.iter().map(|slot| slot.codes.clone()).collect();
        Self { tokenizer: tokenizer.to_owned(), rows: *rows, columns: *columns, slots }
    }

    fn ids(&self) -> usize {
        let side = |side: i64| usize::try_from(side).unwrap_or(0);
        side(self.rows).saturating_mul(side(self.columns)).saturating_mul(self.slots.len())
    }

    pub(super) fn shape(&self, images: usize) -> [usize; 4] {
        [images, self.rows as usize, self.columns as usize, self.slots.len()]
    }

    /// The smallest type that holds all ids.
    pub(super) fn dtype(&self) -> Dtype {
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
/// | `captions` | `U64 [N]` | the number of captions of all images up to and including each |
/// | `labels` | `U32 [N]` | the index of an image's labels in the header's list |
///
/// The container's metadata has the one key `vqct-token-store`: JSON of [`StoreHeader`].
#[derive(Debug)]
pub struct TokenStore {
    file: TensorFile,
    header: StoreHeader,
    images: usize,
}

impl TokenStore {
    /// Opens a store and checks that its parts fit each other; ids are checked as they are read.
    ///
    /// # Errors
    /// [`PipelineError::File`] if it cannot be read, is damaged or of another format.
    pub fn open(path: &Path) -> Result<Self, PipelineError> {
        let file = TensorFile::map(WHAT, path)?;
        let mut header: Value = file.header(KEY, FORMAT)?;
        if let Some(data) = header.pointer_mut("/images/data").filter(|data| !data.is_null()) {
            // The keys of a data set are those of an experiment's `data`.
            let mut experiment = serde_json::json!({ "data": data.take() });
            modernize_json(&mut experiment, file.name())?;
            *data = experiment["data"].take();
        }
        let header = serde_json::from_value(header)
            .map_err(|error| file.error(format!("`{KEY}` of format {FORMAT}"), error.to_string()))?;
        let mut store = Self { file, header, images: 0 };
        store.images = store.file.info("ids").and_then(|info| info.shape.first().copied()).unwrap_or(0);
        store.check()?;
        Ok(store)
    }

    /// The header.
    pub fn header(&self) -> &StoreHeader {
        &self.header
    }

    /// The number of images.
    pub fn len(&self) -> usize {
        self.images
    }

    /// Whether there are no images; never true.
    pub fn is_empty(&self) -> bool {
        self.images == 0
    }

    /// The ids of images, `[n, H, W, S]`, `Int64`, on the CPU.
    ///
    /// # Errors
    /// [`PipelineError::File`] if an id is none of its slot, or an image is not in the store.
    pub fn ids(&self, images: &[usize]) -> Result<Tensor, PipelineError> {
        self.read("ids", &self.header.tokens, images)
    }

    /// The ids of their segmentations, if the store has them.
    ///
    /// # Errors
    /// Those of [`TokenStore::ids`].
    pub fn segmentation(&self, images: &[usize]) -> Result<Option<Tensor>, PipelineError> {
        let tokens = self.header.segmentation.as_ref();
        tokens.map(|tokens| self.read("segmentation", tokens, images)).transpose()
    }

    /// All captions of an image.
    ///
    /// # Errors
    /// [`PipelineError::File`] if they are damaged, or the image is not in the store.
    pub fn captions(&self, image: usize) -> Result<Vec<String>, PipelineError> {
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
    /// [`PipelineError::File`] if they are damaged, or the image is not in the store.
    pub fn labels(&self, image: usize) -> Result<&[String], PipelineError> {
        self.check_image(image)?;
        let index = self.tensor("labels").chunks_exact(size_of::<u32>()).nth(image).map(number);
        let labels = index.and_then(|index| self.header.labels.get(index as usize));
        Ok(labels.ok_or_else(|| self.damage("labels", format!("index {index:?}")))?)
    }

    fn check(&self) -> Result<(), PipelineError> {
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

    fn check_tensor(&self, name: &str, dtype: Dtype, shape: &[usize]) -> Result<(), PipelineError> {
        Ok(self.file.tensor(name, dtype, shape).map(drop)?)
    }

    fn check_image(&self, image: usize) -> Result<(), PipelineError> {
        match image < self.images {
            true => Ok(()),
            false => Err(self.refuse(format!("an image below {}", self.images), image.to_string())),
        }
    }

    fn read(&self, name: &str, tokens: &StoredTokens, images: &[usize]) -> Result<Tensor, PipelineError> {
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
        self.file.get(name).unwrap_or_default()
    }

    fn damage(&self, name: &str, got: String) -> PipelineError {
        self.refuse(format!("a sound `{name}`"), got)
    }

    fn refuse(&self, expected: String, got: String) -> PipelineError {
        self.file.error(expected, got).into()
    }
}

/// Little-endian bytes as a number.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte))
}
