//! Ids to train on: from stores, or from images as they are needed.

use std::path::Path;
use std::sync::Arc;

use tch::Tensor;
use vq_data::{Batch, EpochStream, ImageSource, Loader, LoaderConfig, Sample, Segmentation, Transformed};
use vq_experiment::{DataConfig, Storage, TokenSource, TokensConfig};
use vq_file::FileError;

use super::image_tokens::ImageTokens;
use super::store::{StoredTokens, TokenStore, WHAT};
use crate::PipelineError;

/// Batches of ids to be made.
type TokenDraws = Box<dyn Iterator<Item = Result<TokenDraw, PipelineError>>>;

/// Images as ids, with their captions and labels.
#[derive(Debug)]
pub struct TokenizedBatch {
    /// `[B, H, W, S]`, `Int64`.
    pub ids: Tensor,
    /// A caption of each, if it has any.
    pub captions: Vec<Option<String>>,
    /// The labels of each, from coarse to fine.
    pub labels: Vec<Vec<String>>,
    /// `[B, H, W, S]`, ids of the segmentations, if all images have one and there is a tokenizer for them.
    pub segmentation: Option<Tensor>,
}

/// A batch that was drawn and is not tokenized yet.
pub enum TokenDraw {
    /// Images of a store.
    Stored {
        /// Their indices.
        images: Vec<usize>,
        /// A caption of each, if it has any.
        captions: Vec<Option<String>>,
        /// The store.
        set: Arc<TokenStore>,
    },
    /// Images.
    Images(Batch),
}

/// The tokenizers of images and of segmentations.
pub struct Tokenizers<'a> {
    /// Of images.
    pub images: &'a ImageTokens,
    /// Of segmentations, if there is one.
    pub segmentations: Option<&'a ImageTokens>,
}

/// The sets to train on and to validate on.
pub struct TokenSets(Sets);

enum Sets {
    Stored { train: Arc<TokenStore>, validation: Arc<TokenStore> },
    Images { train: Arc<dyn ImageSource>, validation: Arc<dyn ImageSource>, data: Box<DataConfig> },
}

impl TokenDraw {
    /// The number of images.
    pub fn count(&self) -> usize {
        match self {
            Self::Stored { images, .. } => images.len(),
            Self::Images(batch) => batch.count,
        }
    }

    /// The ids of the batch.
    ///
    /// # Errors
    /// [`PipelineError`] if an image cannot be tokenized or the store is damaged.
    pub fn tokenize(self, by: &Tokenizers<'_>) -> Result<TokenizedBatch, PipelineError> {
        match self {
            Self::Stored { images, captions, set } => Ok(TokenizedBatch {
                ids: set.ids(&images)?,
                captions,
                labels: images
                    .iter()
                    .map(|&image| Ok(set.labels(image)?.to_vec()))
                    .collect::<Result<_, PipelineError>>()?,
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
    ///
    /// # Errors
    /// None at present.
    pub fn select(&self, places: &[usize]) -> Result<Self, PipelineError> {
        let indices: Vec<i64> = places.iter().map(|&place| place as i64).collect();
        let rows = |ids: &Tensor| ids.index_select(0, &Tensor::from_slice(&indices).to_device(ids.device()));
        Ok(Self {
            ids: rows(&self.ids),
            captions: places.iter().map(|&place| self.captions[place].clone()).collect(),
            labels: places.iter().map(|&place| self.labels[place].clone()).collect(),
            segmentation: self.segmentation.as_ref().map(rows),
        })
    }

    /// The images of several batches in order.
    pub fn join(batches: &[Self]) -> Self {
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
    ///
    /// # Errors
    /// [`PipelineError`] naming the file or key.
    pub fn open(source: &TokenSource, trained_on: &DataConfig) -> Result<Self, PipelineError> {
        match source {
            TokenSource::Store { train, validation } => Ok(Self(Sets::Stored {
                train: Arc::new(TokenStore::open(train)?),
                validation: Arc::new(TokenStore::open(validation)?),
            })),
            TokenSource::Images { data } => {
                let data = data.as_deref().unwrap_or(trained_on).clone();
                let images = data.open(Storage::AsConfigured)?;
                let (train, validation) = (images.train, images.validation);
                Ok(Self(Sets::Images { train, validation, data: Box::new(data) }))
            }
        }
    }

    /// Height and width of an image; none if the tokenizer decides.
    pub fn size(&self) -> Option<u32> {
        match &self.0 {
            Sets::Stored { .. } => None,
            Sets::Images { data, .. } => Some(data.transform.size),
        }
    }

    /// Checks that stores were made by these tokenizers.
    ///
    /// # Errors
    /// [`PipelineError::File`] naming the store of another tokenizer.
    pub fn check(&self, config: &TokensConfig, made_by: &MadeBy) -> Result<(), PipelineError> {
        let (Sets::Stored { train, validation }, TokenSource::Store { train: train_path, validation: validation_path }) =
            (&self.0, &config.source)
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

    /// The number of images to train on and to validate on.
    pub fn counts(&self) -> [usize; 2] {
        match &self.0 {
            Sets::Stored { train, validation } => [train.len(), validation.len()],
            Sets::Images { train, validation, .. } => [train.len(), validation.len()],
        }
    }

    /// The data, as configured, if it is known.
    pub fn data(&self) -> Option<&DataConfig> {
        match &self.0 {
            Sets::Stored { validation, .. } => validation.header().images.data.as_ref(),
            Sets::Images { data, .. } => Some(data),
        }
    }

    /// All training captions.
    ///
    /// # Errors
    /// [`PipelineError`] if they cannot be read.
    pub fn captions(&self) -> Result<Vec<String>, PipelineError> {
        let mut captions = Vec::new();
        for image in 0..self.counts()[0] {
            captions.extend(match &self.0 {
                Sets::Stored { train, .. } => train.captions(image)?,
                Sets::Images { train, .. } => train.captions(image)?,
            });
        }
        Ok(captions)
    }

    /// The labels of training images, each once; none if all images would have to be read for them.
    pub fn labels(&self) -> Option<&[Vec<String>]> {
        match &self.0 {
            Sets::Stored { train, .. } => Some(&train.header().labels),
            Sets::Images { .. } => None,
        }
    }

    /// Endless training batches from batch `first` on; each is a function of seed and number.
    ///
    /// # Errors
    /// [`PipelineError::Data`] if there are no images.
    pub fn train_batches(
        &self,
        seed: u64,
        batch_size: usize,
        first: u64,
        device: tch::Device,
    ) -> Result<TokenDraws, PipelineError> {
        match &self.0 {
            Sets::Stored { train, .. } => Ok(Box::new(StoredEpochs {
                set: Arc::clone(train),
                stream: EpochStream::new(train.len(), seed)?,
                seed,
                batch_size: batch_size as u64,
                next: first,
            })),
            Sets::Images { train, data, .. } => {
                let threads = data.source.threads(device);
                let config = LoaderConfig { first_batch: first, threads, ..LoaderConfig::shuffled(batch_size, seed) };
                let loader = Loader::new(Arc::clone(train), data.transform.clone(), config)?;
                Ok(Box::new(loader.map(|batch| Ok(TokenDraw::Images(batch?)))))
            }
        }
    }

    /// The validation set once, in order, without augmentation.
    ///
    /// # Errors
    /// [`PipelineError::Data`] if there are no images.
    pub fn validation_batches(&self, batch_size: usize, device: tch::Device) -> Result<TokenDraws, PipelineError> {
        match &self.0 {
            Sets::Stored { validation, .. } => {
                let (set, images) = (Arc::clone(validation), validation.len());
                Ok(Box::new((0..images).step_by(batch_size).map(move |first| {
                    let images: Vec<usize> = (first..images.min(first + batch_size)).collect();
                    let caption = |&image: &usize| Ok(set.captions(image)?.into_iter().next());
                    let captions = images.iter().map(caption).collect::<Result<_, PipelineError>>()?;
                    Ok(TokenDraw::Stored { images, captions, set: Arc::clone(&set) })
                })))
            }
            Sets::Images { validation, data, .. } => {
                let transform = data.validation_transform();
                let threads = data.source.threads(device);
                let config = LoaderConfig { threads, ..LoaderConfig::one_pass(batch_size) };
                let loader = Loader::new(Arc::clone(validation), transform, config)?;
                Ok(Box::new(loader.map(|batch| Ok(TokenDraw::Images(batch?)))))
            }
        }
    }

    /// An image of the validation set, without augmentation.
    ///
    /// # Errors
    /// [`PipelineError`] if it does not exist or cannot be read.
    pub fn validation_image(&self, index: usize, by: &Tokenizers<'_>) -> Result<TokenizedBatch, PipelineError> {
        match &self.0 {
            Sets::Stored { validation, .. } => {
                let captions = vec![validation.captions(index)?.into_iter().next()];
                TokenDraw::Stored { images: vec![index], captions, set: Arc::clone(validation) }.tokenize(by)
            }
            Sets::Images { validation, data, .. } => {
                let sample = validation.get(index)?;
                let size = data.transform.size;
                let Transformed { chw, annotations } = data.validation_transform().apply_sample(&sample, 0)?;
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

/// The tokenizers that must have made the ids of a store.
pub struct MadeBy {
    /// Of images.
    pub images: StoredTokens,
    /// Of segmentations.
    pub segmentations: Option<StoredTokens>,
}

fn same_tokens(
    path: &Path,
    what: &str,
    expected: &StoredTokens,
    got: Option<&StoredTokens>,
) -> Result<(), PipelineError> {
    let refuse = |expected: String, got: String| Err(FileError::format(WHAT, path, expected, got).into());
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

/// Endless shuffled batches of a store.
struct StoredEpochs {
    set: Arc<TokenStore>,
    stream: EpochStream,
    seed: u64,
    batch_size: u64,
    next: u64,
}

impl StoredEpochs {
    fn batch(&mut self, number: u64) -> Result<TokenDraw, PipelineError> {
        let images = self.set.len() as u64;
        let positions = number * self.batch_size..(number + 1) * self.batch_size;
        let (mut indices, mut captions) = (Vec::new(), Vec::new());
        for position in positions {
            let index = self.stream.at(position);
            let mut all = self.set.captions(index)?.into_iter();
            // The same choice as that of the loader of images.
            let sample = Sample { caption: all.next(), more_captions: all.collect(), ..Sample::default() };
            let caption = sample.caption_at(self.seed, position / images * images + index as u64);
            captions.push(caption.map(str::to_owned));
            indices.push(index);
        }
        Ok(TokenDraw::Stored { images: indices, captions, set: Arc::clone(&self.set) })
    }
}

impl Iterator for StoredEpochs {
    type Item = Result<TokenDraw, PipelineError>;

    fn next(&mut self) -> Option<Self::Item> {
        let number = self.next;
        self.next += 1;
        Some(self.batch(number))
    }
}
