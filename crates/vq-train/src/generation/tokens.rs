//! Ids to learn from: out of stores, or of images as they come.

use std::path::Path;
use std::sync::Arc;

use tch::Tensor;
use vq_data::{Batch, EpochStream, ImageSource, Loader, LoaderConfig, Sample, Segmentation, Transformed};

use super::config::{TokenSource, TokensConfig};
use super::image_tokens::ImageTokens;
use super::token_store::{StoredTokens, TokenStore};
use crate::images::threads;
use crate::plan::{open_images, validation_transform};
use crate::task::Batches;
use crate::{DataConfig, TrainError};

/// Images as ids, with what is known of them.
#[derive(Debug)]
pub struct TokenizedBatch {
    /// `[B, H, W, S]`, `Int64`.
    pub ids: Tensor,
    /// A caption of each, if it has any.
    pub captions: Vec<Option<String>>,
    /// The labels of each, from coarse to fine.
    pub labels: Vec<Vec<String>>,
    /// `[B, H, W, S]` of the segmentations' tokenizer, if all images have segmentations and ids of them are wanted.
    pub segmentation: Option<Tensor>,
}

/// A batch that is drawn, and not yet made ids of.
pub(crate) enum TokenDraw {
    Stored { images: Vec<usize>, captions: Vec<Option<String>>, set: Arc<TokenStore> },
    Images(Batch),
}

/// What makes ids.
pub(crate) struct Tokenizers<'a> {
    pub(crate) images: &'a ImageTokens,
    pub(crate) segmentations: Option<&'a ImageTokens>,
}

/// Sets to train on and to validate on.
pub(crate) enum TokenSets {
    Stored { train: Arc<TokenStore>, validation: Arc<TokenStore> },
    Images { train: Arc<dyn ImageSource>, validation: Arc<dyn ImageSource>, data: Box<DataConfig> },
}

impl TokenDraw {
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Stored { images, .. } => images.len(),
            Self::Images(batch) => batch.count,
        }
    }

    pub(crate) fn tokenize(self, by: &Tokenizers<'_>) -> Result<TokenizedBatch, TrainError> {
        match self {
            Self::Stored { images, captions, set } => Ok(TokenizedBatch {
                ids: set.ids(&images)?,
                captions,
                labels: images
                    .iter()
                    .map(|&image| Ok(set.labels(image)?.to_vec()))
                    .collect::<Result<_, TrainError>>()?,
                segmentation: set.segmentation(&images)?,
            }),
            Self::Images(Batch { images, count, size, captions, labels, segmentations, .. }) => {
                let side = i64::from(size);
                let pixels = Tensor::f_from_slice(&images)?.f_view([count as i64, 3, side, side])?;
                let maps = |tokens: &ImageTokens| tokens.encode_maps(&segmentations as &[Option<Segmentation>]);
                let segmentation = by.segmentations.map(maps).transpose()?.flatten();
                Ok(TokenizedBatch { ids: by.images.encode(&pixels)?, captions, labels, segmentation })
            }
        }
    }
}

impl TokenizedBatch {
    /// Some of its images.
    pub(crate) fn select(&self, places: &[usize]) -> Result<Self, TrainError> {
        let indices: Vec<i64> = places.iter().map(|&place| place as i64).collect();
        let rows = |ids: &Tensor| ids.index_select(0, &Tensor::from_slice(&indices).to_device(ids.device()));
        Ok(Self {
            ids: rows(&self.ids),
            captions: places.iter().map(|&place| self.captions[place].clone()).collect(),
            labels: places.iter().map(|&place| self.labels[place].clone()).collect(),
            segmentation: self.segmentation.as_ref().map(rows),
        })
    }

    /// The images of several, one after another.
    pub(crate) fn join(batches: &[Self]) -> Self {
        let ids: Vec<&Tensor> = batches.iter().map(|batch| &batch.ids).collect();
        let segmentations: Option<Vec<&Tensor>> = batches.iter().map(|batch| batch.segmentation.as_ref()).collect();
        Self {
            ids: Tensor::cat(&ids, 0),
            captions: batches.iter().flat_map(|batch| batch.captions.clone()).collect(),
            labels: batches.iter().flat_map(|batch| batch.labels.clone()).collect(),
            segmentation: segmentations.filter(|all| !all.is_empty()).map(|all| Tensor::cat(&all, 0)),
        }
    }
}

impl TokenSets {
    /// Opens what is configured; `trained_on` is the data of the tokenizer.
    pub(crate) fn open(source: &TokenSource, trained_on: &DataConfig) -> Result<Self, TrainError> {
        match source {
            TokenSource::Store { train, validation } => Ok(Self::Stored {
                train: Arc::new(TokenStore::open(train)?),
                validation: Arc::new(TokenStore::open(validation)?),
            }),
            TokenSource::Images { data } => {
                let data = data.as_deref().unwrap_or(trained_on).clone();
                data.source.check(&data.transform)?;
                let images = open_images(&data)?;
                let (train, validation) = (images.train, images.validation);
                Ok(Self::Images { train, validation, data: Box::new(data) })
            }
        }
    }

    /// Height and width of an image, if that is decided here.
    pub(crate) fn size(&self) -> Option<u32> {
        match self {
            Self::Stored { .. } => None,
            Self::Images { data, .. } => Some(data.transform.size),
        }
    }

    /// Refuses stores that other tokenizers made.
    pub(crate) fn check(&self, config: &TokensConfig, made_by: &MadeBy) -> Result<(), TrainError> {
        let (Self::Stored { train, validation }, TokenSource::Store { train: train_path, validation: validation_path }) =
            (self, &config.source)
        else {
            return Ok(());
        };
        for (store, path) in [(train, train_path), (validation, validation_path)] {
            same_tokens(path, "ids", &made_by.images, Some(&store.header().tokens))?;
            if let Some(segmentations) = &made_by.segmentations {
                same_tokens(path, "ids of segmentations", segmentations, store.header().segmentation.as_ref())?;
            }
        }
        Ok(())
    }

    /// Images to train on and to validate on.
    pub(crate) fn counts(&self) -> [usize; 2] {
        match self {
            Self::Stored { train, validation } => [train.len(), validation.len()],
            Self::Images { train, validation, .. } => [train.len(), validation.len()],
        }
    }

    /// The data set, as configured, if that is known.
    pub(crate) fn data(&self) -> Option<&DataConfig> {
        match self {
            Self::Stored { validation, .. } => validation.header().images.data.as_ref(),
            Self::Images { data, .. } => Some(data),
        }
    }

    /// All training captions.
    pub(crate) fn captions(&self) -> Result<Vec<String>, TrainError> {
        let mut captions = Vec::new();
        for image in 0..self.counts()[0] {
            captions.extend(match self {
                Self::Stored { train, .. } => train.captions(image)?,
                Self::Images { train, .. } => train.captions(image)?,
            });
        }
        Ok(captions)
    }

    /// The labels of training images, each once, where they can be had without reading all images.
    pub(crate) fn labels(&self) -> Option<&[Vec<String>]> {
        match self {
            Self::Stored { train, .. } => Some(&train.header().labels),
            Self::Images { .. } => None,
        }
    }

    /// Endless training batches, from batch `first` on; each is a function of seed and number.
    pub(crate) fn train_batches(
        &self,
        seed: u64,
        batch_size: usize,
        first: u64,
        device: tch::Device,
    ) -> Result<Batches<TokenDraw>, TrainError> {
        match self {
            Self::Stored { train, .. } => Ok(Box::new(StoredEpochs {
                set: Arc::clone(train),
                stream: EpochStream::new(train.len(), seed)?,
                seed,
                batch_size: batch_size as u64,
                next: first,
            })),
            Self::Images { train, data, .. } => {
                let threads = threads(&data.source, device);
                let config = LoaderConfig { first_batch: first, threads, ..LoaderConfig::shuffled(batch_size, seed) };
                let loader = Loader::new(Arc::clone(train), data.transform.clone(), config)?;
                Ok(Box::new(loader.map(|batch| Ok(TokenDraw::Images(batch?)))))
            }
        }
    }

    /// The validation set, once, in order, without augmentation.
    pub(crate) fn validation_batches(
        &self,
        batch_size: usize,
        device: tch::Device,
    ) -> Result<Batches<TokenDraw>, TrainError> {
        match self {
            Self::Stored { validation, .. } => {
                let (set, images) = (Arc::clone(validation), validation.len());
                Ok(Box::new((0..images).step_by(batch_size).map(move |first| {
                    let images: Vec<usize> = (first..images.min(first + batch_size)).collect();
                    let caption = |&image: &usize| Ok(set.captions(image)?.into_iter().next());
                    let captions = images.iter().map(caption).collect::<Result<_, TrainError>>()?;
                    Ok(TokenDraw::Stored { images, captions, set: Arc::clone(&set) })
                })))
            }
            Self::Images { validation, data, .. } => {
                let transform = validation_transform(data);
                let threads = threads(&data.source, device);
                let config = LoaderConfig { threads, ..LoaderConfig::one_pass(batch_size) };
                let loader = Loader::new(Arc::clone(validation), transform, config)?;
                Ok(Box::new(loader.map(|batch| Ok(TokenDraw::Images(batch?)))))
            }
        }
    }
}

impl TokenSets {
    /// An image of the validation set, without augmentation.
    pub(crate) fn validation_image(&self, index: usize, by: &Tokenizers<'_>) -> Result<TokenizedBatch, TrainError> {
        match self {
            Self::Stored { validation, .. } => {
                let captions = vec![validation.captions(index)?.into_iter().next()];
                TokenDraw::Stored { images: vec![index], captions, set: Arc::clone(validation) }.tokenize(by)
            }
            Self::Images { validation, data, .. } => {
                let sample = validation.get(index)?;
                let size = data.transform.size;
                let Transformed { chw, annotations } = validation_transform(data).apply_sample(&sample, 0)?;
                TokenDraw::Images(Batch {
                    images: chw,
                    count: 1,
                    size,
                    indices: vec![index],
                    captions: vec![annotations.caption],
                    labels: vec![sample.labels],
                    segmentations: vec![annotations.segmentation],
                    boxes: vec![annotations.boxes],
                })
                .tokenize(by)
            }
        }
    }
}

/// Who should have made the ids of a store.
pub(crate) struct MadeBy {
    pub(crate) images: StoredTokens,
    pub(crate) segmentations: Option<StoredTokens>,
}

fn same_tokens(path: &Path, what: &str, expected: &StoredTokens, got: Option<&StoredTokens>) -> Result<(), TrainError> {
    let refuse = |expected: String, got: String| Err(TrainError::Store { path: path.to_path_buf(), expected, got });
    let name = |tokens: &StoredTokens| format!("{what} of the tokenizer {}", tokens.tokenizer);
    let shape = |tokens: &StoredTokens| {
        let StoredTokens { rows, columns, slots, .. } = tokens;
        format!("{what} in {rows}x{columns}, slots {slots:?}")
    };
    match got {
        None => refuse(name(expected), "none".into()),
        Some(got) if got.tokenizer != expected.tokenizer => refuse(name(expected), name(got)),
        Some(got) if got != expected => refuse(shape(expected), shape(got)),
        Some(_) => Ok(()),
    }
}

/// Shuffled batches of a store that never end.
struct StoredEpochs {
    set: Arc<TokenStore>,
    stream: EpochStream,
    seed: u64,
    batch_size: u64,
    next: u64,
}

impl StoredEpochs {
    fn batch(&mut self, number: u64) -> Result<TokenDraw, TrainError> {
        let images = self.set.len() as u64;
        let positions = number * self.batch_size..(number + 1) * self.batch_size;
        let (mut indices, mut captions) = (Vec::new(), Vec::new());
        for position in positions {
            let index = self.stream.at(position);
            let mut all = self.set.captions(index)?.into_iter();
            // As the loader of images chooses.
            let sample = Sample { caption: all.next(), more_captions: all.collect(), ..Sample::default() };
            let caption = sample.caption_at(self.seed, position / images * images + index as u64);
            captions.push(caption.map(str::to_owned));
            indices.push(index);
        }
        Ok(TokenDraw::Stored { images: indices, captions, set: Arc::clone(&self.set) })
    }
}

impl Iterator for StoredEpochs {
    type Item = Result<TokenDraw, TrainError>;

    fn next(&mut self) -> Option<Self::Item> {
        let number = self.next;
        self.next += 1;
        Some(self.batch(number))
    }
}
