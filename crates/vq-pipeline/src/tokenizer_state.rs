//! A tokenizer with its parameters and words.

use std::sync::Arc;

use codebook_prior::{PriorGraph, Word};
use tch::{Device, nn};
use vlt_caption::Language;
use vq_core::{Quantizer, SharedCodebook};
use vq_experiment::{BuiltQuantizer, Experiment, Weights};
use vq_model::ImageTokenizer;
use vq_random::derive_seed;

use crate::{CaptionHead, Checkpoint, PipelineError, RngGuard};

/// Separates the seed of the captions' parameters from those of forward passes.
const CAPTIONS: u64 = 1 << 61;

/// A tokenizer, the store of its parameters, and the words of its codes if they are words.
#[derive(Debug)]
pub struct TokenizerState {
    /// Encoder, quantizer and decoder.
    pub tokenizer: ImageTokenizer,
    /// All parameters.
    pub store: nn::VarStore,
    /// The words.
    pub prior: Option<PriorGraph>,
    /// The modules of captions.
    pub captions: Option<CaptionHead>,
}

impl TokenizerState {
    /// A tokenizer with random parameters from the experiment's seed; its codes follow the parameters.
    ///
    /// # Errors
    /// [`PipelineError`] of the part that cannot be built as configured.
    pub fn fresh(experiment: &Experiment, prior: Option<PriorGraph>, device: Device) -> Result<Self, PipelineError> {
        let state = Self::with_quantizer(experiment, device, |path| {
            Ok(experiment.quantizer.build(path, prior.as_ref())?.quantizer)
        })?;
        Ok(Self { prior, ..state })
    }

    /// As [`TokenizerState::fresh`], with a quantizer of the caller, which registers its parameters under the given path.
    ///
    /// # Errors
    /// Those of `quantizer`; [`PipelineError`] if encoder and decoder cannot be built as configured.
    pub fn with_quantizer(
        experiment: &Experiment,
        device: Device,
        quantizer: impl FnOnce(&nn::Path) -> Result<Box<dyn Quantizer>, PipelineError>,
    ) -> Result<Self, PipelineError> {
        let _guard = RngGuard::seeded(experiment.seed);
        let store = nn::VarStore::new(device);
        let quantizer = quantizer(&store.root())?;
        let tokenizer = ImageTokenizer::new(&store.root(), &experiment.autoencoder, quantizer)?;
        let tokenizer = tokenizer.with_precision(experiment.train.precision);
        Ok(Self { tokenizer, store, prior: None, captions: None })
    }

    /// The same with the modules of captions, if the experiment has them, with random parameters from a seed of their own:
    /// the tokenizer starts as it would without.
    ///
    /// # Errors
    /// [`PipelineError`] of the module that cannot be built as configured.
    pub fn with_captions(
        self,
        experiment: &Experiment,
        language: Option<&Arc<Language>>,
    ) -> Result<Self, PipelineError> {
        let (Some(config), Some(language)) = (&experiment.captions, language) else { return Ok(self) };
        let _guard = RngGuard::seeded(derive_seed(experiment.seed, CAPTIONS));
        let (root, layout) = (self.store.root(), self.tokenizer.layout());
        let captions = CaptionHead::new(&root, layout, config, Arc::clone(language), self.prior.as_ref())?;
        Ok(Self { captions: Some(captions), ..self })
    }

    /// The tokenizer of a checkpoint, for inference: with averaged weights if the run kept an average, and with codes that
    /// are computed once, here.
    ///
    /// # Errors
    /// [`PipelineError::File`] if a parameter is missing or has another shape.
    pub fn load(checkpoint: &Checkpoint, device: Device) -> Result<Self, PipelineError> {
        Self::load_weights(checkpoint, device, Weights::Ema)
    }

    /// As [`TokenizerState::load`], with a choice of weights.
    ///
    /// # Errors
    /// [`PipelineError::File`] if a parameter is missing or has another shape.
    pub fn load_weights(checkpoint: &Checkpoint, device: Device, weights: Weights) -> Result<Self, PipelineError> {
        let experiment = &checkpoint.header().experiment;
        let (prior, language) = (checkpoint.prior()?, checkpoint.language()?.map(Arc::new));
        let guard = RngGuard::acquire();
        let store = nn::VarStore::new(device);
        let BuiltQuantizer { quantizer, codebooks } = experiment.quantizer.build(&store.root(), prior.as_ref())?;
        let tokenizer = ImageTokenizer::new(&store.root(), &experiment.autoencoder, quantizer)?;
        let tokenizer = tokenizer.with_precision(experiment.train.precision);
        drop(guard);
        let state = Self { tokenizer, store, prior, captions: None }.with_captions(experiment, language.as_ref())?;
        checkpoint.restore(&state.store, weights)?;
        codebooks.iter().for_each(SharedCodebook::freeze);
        Ok(state)
    }

    /// The word of a code, if codes are words.
    pub fn word(&self, id: i64) -> Option<&Word> {
        self.prior.as_ref()?.words().get(usize::try_from(id).ok()?)
    }
}
