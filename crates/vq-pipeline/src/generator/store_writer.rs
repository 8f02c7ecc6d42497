//! Writing token stores.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use tch::{Device, Tensor};
use vq_file::{Dtype, TensorData, encode_tensors, header_json, write_atomically};

use super::store::{FORMAT, KEY, StoreHeader, StoredImages, StoredTokens, WHAT};
use crate::PipelineError;

/// Collects the content of a [`TokenStore`](crate::TokenStore).
#[derive(Debug)]
pub struct TokenStoreWriter {
    tokens: StoredTokens,
    segmentation: Option<StoredTokens>,
    ids: Vec<u8>,
    segmentation_ids: Vec<u8>,
    text: Vec<u8>,
    caption_ends: Vec<u64>,
    captions: Vec<u64>,
    label_indices: HashMap<Vec<String>, u32>,
    labels: Vec<u32>,
}

/// Images to be stored.
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
            label_indices: HashMap::new(),
            labels: Vec::new(),
        }
    }

    /// Takes in a batch.
    ///
    /// # Errors
    /// [`PipelineError::Shape`] if the parts are not of the same images, or the ids of another grid.
    pub fn push(&mut self, batch: &StoredBatch<'_>) -> Result<(), PipelineError> {
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
            let next = self.label_indices.len() as u32;
            let index = self.label_indices.get(labels).copied().unwrap_or(next);
            if index == next {
                self.label_indices.insert(labels.clone(), next);
            }
            self.labels.push(index);
        }
        Ok(())
    }

    /// Writes the store in one move; returns its number of images.
    ///
    /// # Errors
    /// [`PipelineError::File`] if it cannot be written.
    pub fn write(self, path: &Path, of: StoredImages) -> Result<usize, PipelineError> {
        let images = self.labels.len();
        let mut labels = vec![Vec::new(); self.label_indices.len()];
        for (path, index) in self.label_indices {
            labels[index as usize] = path;
        }
        let header = StoreHeader {
            format: FORMAT,
            written_by: concat!("vqct ", env!("CARGO_PKG_VERSION")).into(),
            tokens: self.tokens.clone(),
            segmentation: self.segmentation.clone(),
            images: of,
            labels,
        };
        let words = |words: &[u64]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
        let indices: Vec<u8> = self.labels.iter().flat_map(|index| index.to_le_bytes()).collect();
        let ids = |tokens: &StoredTokens, bytes| TensorData::new(tokens.dtype(), tokens.shape(images).to_vec(), bytes);
        let ends = TensorData::new(Dtype::U64, vec![self.caption_ends.len()], words(&self.caption_ends));
        let mut entries = vec![
            ("ids", ids(&self.tokens, self.ids)),
            ("text", TensorData::bytes(self.text)),
            ("caption_ends", ends),
            ("captions", TensorData::new(Dtype::U64, vec![images], words(&self.captions))),
            ("labels", TensorData::new(Dtype::U32, vec![images], indices)),
        ];
        if let Some(tokens) = &self.segmentation {
            entries.push(("segmentation", ids(tokens, self.segmentation_ids)));
        }
        let bytes = encode_tensors(WHAT, entries, [(KEY, header_json(WHAT, &header)?)])?;
        write_atomically(path, |file| file.write_all(&bytes))?;
        Ok(images)
    }
}

fn push_ids(bytes: &mut Vec<u8>, tokens: &StoredTokens, ids: &Tensor, images: usize) -> Result<(), PipelineError> {
    let expected = tokens.shape(images).map(|side| side as i64);
    if ids.size() != expected {
        let expected = format!("ids of {expected:?}");
        return Err(PipelineError::Shape { op: "TokenStoreWriter::push", expected, got: vec![ids.size()] });
    }
    let width = tokens.dtype().bitsize() / 8;
    for id in Vec::<i64>::try_from(ids.to_device(Device::Cpu).contiguous().view(-1))? {
        bytes.extend_from_slice(&id.to_le_bytes()[..width]);
    }
    Ok(())
}
