//! A trained generator with all that it needs: images from texts, classes or segmentations.

use std::path::PathBuf;
use std::sync::Arc;

use tch::{Device, Tensor, nn};
use vq_experiment::{ConditionConfig, DataConfig, Weights};
use vq_generate::{GenerationConfig, Generator, Progress, SampleRequest, Sampled};

use super::conditioner::{Classes, Conditioner, Texts};
use super::image_tokens::ImageTokens;
use super::setup::{GeneratorCheckpoint, GeneratorSetup};
use super::tokens::{TokenSets, TokenizedBatch, Tokenizers};
use crate::{PipelineError, RngGuard};

/// How a trained generator is used.
#[derive(Debug, Clone, Default)]
pub struct GeneratorUse {
    /// Which of its weights.
    pub weights: Weights,
    /// The path of the tokenizer, if it was moved.
    pub tokenizer: Option<PathBuf>,
    /// The path of the tokenizer of segmentations, if it was moved.
    pub segmentation_tokenizer: Option<PathBuf>,
}

/// A trained generator, its tokenizer and its condition encoder.
#[derive(Debug)]
pub struct ImageGenerator {
    /// What it was trained with.
    pub setup: GeneratorSetup,
    /// The tokenizer of its ids.
    pub tokens: ImageTokens,
    /// The condition encoder.
    pub conditioner: Conditioner,
    generator: Generator,
    _store: nn::VarStore,
    /// Of the tokenizer's run.
    trained_on: DataConfig,
}

/// The images that a generator was validated on.
pub struct GeneratorImages {
    sets: TokenSets,
}

/// Generated images.
#[derive(Debug)]
pub struct GeneratedImages {
    /// `[B, 3, S, S]` in `[-1, 1]`.
    pub images: Tensor,
    /// Their ids, and the probabilities of these.
    pub sampled: Sampled,
}

impl ImageGenerator {
    /// The generator of a checkpoint, and its tokenizers, which must be those that it was trained with.
    ///
    /// # Errors
    /// [`PipelineError::OtherTokenizer`] if a tokenizer has another hash; [`PipelineError::File`] if a file is damaged or does not
    /// fit.
    pub fn open(checkpoint: &GeneratorCheckpoint, with: &GeneratorUse, device: Device) -> Result<Self, PipelineError> {
        let setup = checkpoint.header().experiment.clone();
        let tokenizer = setup.tokenizer.open(with.tokenizer.as_deref(), "tokenizer")?;
        let tokens = ImageTokens::new(&tokenizer, setup.tokenizer.weights, Some(setup.size), device)?;
        let damaged = |expected: &str| PipelineError::Condition { expected: expected.into(), got: "none".into() };
        let conditioner = match &setup.experiment.condition {
            ConditionConfig::None => Conditioner::None,
            ConditionConfig::Class { level, .. } => Conditioner::Class(Classes::new(*level, setup.classes.clone())?),
            ConditionConfig::Text { max_tokens, .. } => {
                let language = checkpoint.language()?.ok_or_else(|| damaged("a language in the checkpoint"))?;
                Conditioner::Text(Texts::new(Arc::new(language), *max_tokens, device))
            }
            ConditionConfig::Segmentation { .. } => {
                let reference = setup.segmentation.as_ref();
                let reference = reference.ok_or_else(|| damaged("a tokenizer of segmentations in the checkpoint"))?;
                let moved = with.segmentation_tokenizer.as_deref();
                let tokenizer = reference.open(moved, "tokenizer of segmentations")?;
                let tokens = ImageTokens::new(&tokenizer, reference.weights, Some(setup.size), device)?;
                Conditioner::Segmentation(Box::new(tokens))
            }
        };
        let store = nn::VarStore::new(device);
        let guard = RngGuard::acquire();
        let generator = tokens.generator(&store, &conditioner.conditioning(), &setup.experiment)?;
        drop(guard);
        checkpoint.restore(&store, with.weights)?;
        let trained_on = tokenizer.header().experiment.data.clone();
        Ok(Self { setup, tokens, conditioner, generator, _store: store, trained_on })
    }

    /// The generator over ids.
    pub fn generator(&self) -> &Generator {
        &self.generator
    }

    /// The images that the generator was validated on, from their path in training.
    ///
    /// # Errors
    /// [`PipelineError`] if they cannot be read any more.
    pub fn validation_images(&self) -> Result<GeneratorImages, PipelineError> {
        Ok(GeneratorImages { sets: TokenSets::open(&self.setup.experiment.tokens.source, &self.trained_on)? })
    }

    /// Generates images; `progress` is called for each position or round.
    ///
    /// Images are decoded one at a time, so that the pixels of an image depend on its ids alone: libtorch's convolutions
    /// round differently for other batch sizes on some processors.
    /// Ids depend on the batch only through the rounding of log-probabilities: a draw can differ only if it lies within
    /// that rounding of the boundary between two ids.
    ///
    /// # Errors
    /// Those of [`Generator::sample`], and of the tokenizer's decoder.
    pub fn generate(
        &self,
        request: &SampleRequest<'_>,
        config: &GenerationConfig,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<GeneratedImages, PipelineError> {
        let sampled = tch::no_grad(|| self.generator.sample_with_progress(request, config, progress))?;
        let images =
            sampled.ids.split(1, 0).iter().map(|ids| self.tokens.decode(ids)).collect::<Result<Vec<_>, _>>()?;
        Ok(GeneratedImages { images: Tensor::cat(&images, 0), sampled })
    }
}

impl GeneratorImages {
    /// Their number.
    pub fn len(&self) -> usize {
        self.sets.counts()[1]
    }

    /// The data, as configured, if it is known.
    pub fn data(&self) -> Option<&DataConfig> {
        self.sets.data()
    }

    /// Whether there are no images.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One of them, as ids of the generator's tokenizers.
    ///
    /// # Errors
    /// [`PipelineError`] if it does not exist or cannot be read.
    pub fn get(&self, index: usize, generator: &ImageGenerator) -> Result<TokenizedBatch, PipelineError> {
        let segmentations = match &generator.conditioner {
            Conditioner::Segmentation(tokens) => Some(tokens.as_ref()),
            _ => None,
        };
        self.sets.validation_image(index, &Tokenizers { images: &generator.tokens, segmentations })
    }
}
