//! From images to stores of ids.

use std::path::Path;

use tch::{Device, Tensor};
use vq_data::{Loader, LoaderConfig, Split};

use super::config::TokenizerSource;
use super::image_tokens::ImageTokens;
use super::token_store::{StoredBatch, StoredImages, StoredPart, StoredTokens, TokenStoreWriter};
use crate::data_hash::DataHash;
use crate::images::threads;
use crate::plan::{open_images, validation_transform};
use crate::{DataConfig, TrainError};

/// A store to be made.
#[derive(Debug, Clone)]
pub struct TokenizeRequest {
    /// What makes the ids.
    pub tokenizer: TokenizerSource,
    /// What makes those of segmentations; they are left out without.
    pub segmentation: Option<TokenizerSource>,
    /// The images; those that the tokenizer was trained on if none are given.
    pub data: Option<DataConfig>,
    /// Where to compute.
    pub device: Device,
}

impl TokenizeRequest {
    /// Makes ids of one part of the images, once each, in order and without augmentation, and writes them to a store;
    /// gives the number of images. `watch` hears how many are done, and of how many.
    ///
    /// # Errors
    /// [`TrainError`] of whatever cannot be read, tokenized or written; nothing is written then.
    pub fn run(&self, part: Split, path: &Path, watch: &mut dyn FnMut(usize, usize)) -> Result<usize, TrainError> {
        let (checkpoint, reference) = self.tokenizer.open()?;
        let data = self.data.clone().unwrap_or_else(|| checkpoint.header().experiment.data.clone());
        data.source.check(&data.transform)?;
        let images = open_images(&data)?;
        let source = match part {
            Split::Train => images.train,
            Split::Validation => images.validation,
        };
        let size = data.transform.size;
        let tokens = ImageTokens::new(&checkpoint, reference.weights, Some(size), self.device)?;
        let segmentation = self.segmentation.as_ref().map(TokenizerSource::open).transpose()?;
        let segmentation = match &segmentation {
            Some((checkpoint, reference)) => {
                Some((ImageTokens::new(checkpoint, reference.weights, Some(size), self.device)?, reference))
            }
            None => None,
        };
        let stored = segmentation.as_ref().map(|(tokens, by)| StoredTokens::of(&by.sha256, &tokens.grid));
        let mut writer = TokenStoreWriter::new(StoredTokens::of(&reference.sha256, &tokens.grid), stored);
        let config =
            LoaderConfig { threads: threads(&data.source, self.device), ..LoaderConfig::one_pass(data.batch_size) };
        let total = source.len();
        let (mut hash, mut done) = (DataHash::default(), 0);
        for batch in Loader::new(source.clone(), validation_transform(&data), config)? {
            let batch = batch?;
            let captions = batch.indices.iter().map(|&image| Ok(source.captions(image)?));
            let captions = captions.collect::<Result<Vec<_>, TrainError>>()?;
            hash.update(&batch, &captions);
            let side = i64::from(size);
            let pixels = Tensor::f_from_slice(&batch.images)?.f_view([batch.count as i64, 3, side, side])?;
            let maps = match &segmentation {
                Some((tokens, _)) => Some(tokens.encode_maps(&batch.segmentations)?.ok_or_else(|| {
                    let expected = "a segmentation of each image".into();
                    TrainError::Condition { expected, got: format!("none of one among {:?}", batch.indices) }
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
            watch(done, total);
        }
        let part = match part {
            Split::Train => StoredPart::Train,
            Split::Validation => StoredPart::Validation,
        };
        writer.write(path, StoredImages { data: Some(data), part, sha256: hash.finish() })
    }
}
