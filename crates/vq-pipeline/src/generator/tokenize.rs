//! From images to stores of ids.

use std::path::Path;

use tch::{Device, Tensor};
use vq_data::{Loader, LoaderConfig, Split};
use vq_experiment::{DataConfig, Storage, TokenizerSource};

use super::image_tokens::ImageTokens;
use super::setup::open_tokenizer;
use super::store::{StoredImages, StoredPart, StoredTokens};
use super::store_writer::{StoredBatch, TokenStoreWriter};
use crate::{DataHash, PipelineError};

/// A token store to be made.
#[derive(Debug, Clone)]
pub struct TokenizeRequest {
    /// The tokenizer.
    pub tokenizer: TokenizerSource,
    /// The tokenizer of segmentations; without it they are left out.
    pub segmentation: Option<TokenizerSource>,
    /// The images; by default those of the tokenizer's run.
    pub data: Option<DataConfig>,
    /// Where to compute.
    pub device: Device,
}

impl TokenizeRequest {
    /// Tokenizes one part of the images, once each, in order and without augmentation, and writes a store; returns the
    /// number of images. `progress` is called with the number of images done and of all images.
    ///
    /// # Errors
    /// [`PipelineError`] of what cannot be read, tokenized or written; nothing is written then.
    pub fn run(
        &self,
        part: Split,
        path: &Path,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<usize, PipelineError> {
        let (checkpoint, reference) = open_tokenizer(&self.tokenizer)?;
        let data = self.data.clone().unwrap_or_else(|| checkpoint.header().experiment.data.clone());
        let images = data.open(Storage::AsConfigured)?;
        let source = match part {
            Split::Train => images.train,
            Split::Validation => images.validation,
        };
        let size = data.transform.size;
        let tokens = ImageTokens::new(&checkpoint, reference.weights, Some(size), self.device)?;
        let segmentation = self.segmentation.as_ref().map(open_tokenizer).transpose()?;
        let segmentation = match &segmentation {
            Some((checkpoint, reference)) => {
                Some((ImageTokens::new(checkpoint, reference.weights, Some(size), self.device)?, reference))
            }
            None => None,
        };
        let stored = segmentation.as_ref().map(|(tokens, by)| StoredTokens::of(&by.sha256, &tokens.grid));
        let mut writer = TokenStoreWriter::new(StoredTokens::of(&reference.sha256, &tokens.grid), stored);
        let config =
            LoaderConfig { threads: data.source.threads(self.device), ..LoaderConfig::one_pass(data.batch_size) };
        let total = source.len();
        let (mut hash, mut done) = (DataHash::default(), 0);
        for batch in Loader::new(source.clone(), data.validation_transform(), config)? {
            let batch = batch?;
            let captions = batch.indices.iter().map(|&image| Ok(source.captions(image)?));
            let captions = captions.collect::<Result<Vec<_>, PipelineError>>()?;
            hash.update(&batch, &captions);
            let side = i64::from(size);
            let pixels = Tensor::f_from_slice(&batch.images)?.f_view([batch.count as i64, 3, side, side])?;
            let maps = match &segmentation {
                Some((tokens, _)) => Some(tokens.encode_maps(&batch.segmentations)?.ok_or_else(|| {
                    let expected = "a segmentation of each image".into();
                    PipelineError::Condition { expected, got: format!("none of one among {:?}", batch.indices) }
                })?),
                None => None,
            };
            writer.push(&StoredBatch {
                ids: &tokens.encode(&pixels)?,
                segmentation: maps.as_ref(),
                captions: &captions,
                labels: &batch.labels,
            })?;
            done += batch.count;
            progress(done, total);
        }
        let part = match part {
            Split::Train => StoredPart::Train,
            Split::Validation => StoredPart::Validation,
        };
        writer.write(path, StoredImages { data: Some(data), part, sha256: hash.finish() })
    }
}
