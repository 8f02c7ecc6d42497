//! A tokenizer with its parameters and words.

use std::sync::Arc;

use codebook_prior::{PriorGraph, Word};
use tch::{Device, nn};
use vlt_caption::Language;
use vq_core::{FixedCodebook, Quantizer};
use vq_model::ImageTokenizer;

use crate::randomness::{Turn, mix};
use crate::{CaptionHead, Checkpoint, Experiment, TrainError, Weights};

/// A bit that keeps the seed of the captions' parameters apart from those of forward passes.
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
    /// What reads codes and speaks.
    pub captions: Option<CaptionHead>,
}

impl TokenizerState {
    /// A new tokenizer with random parameters, drawn from the experiment's seed; its codes follow the parameters.
    ///
    /// # Errors
    /// [`TrainError`] of whatever part cannot be built as configured.
    pub fn fresh(experiment: &Experiment, prior: Option<PriorGraph>, device: Device) -> Result<Self, TrainError> {
        let state =
            Self::with_quantizer(experiment, device, |path| experiment.quantizer.build(path, prior.as_ref(), &mut Ok))?;
        Ok(Self { prior, ..state })
    }

    /// As [`TokenizerState::fresh`], with a quantizer of one's own, which registers its parameters under the path that it
    /// is given.
    ///
    /// # Errors
    /// Those of `quantizer`; [`TrainError`] if encoder and decoder cannot be built as configured.
    pub fn with_quantizer(
        experiment: &Experiment,
        device: Device,
        quantizer: impl FnOnce(&nn::Path) -> Result<Box<dyn Quantizer>, TrainError>,
    ) -> Result<Self, TrainError> {
        let _turn = Turn::seeded(experiment.seed);
        let store = nn::VarStore::new(device);
        let quantizer = quantizer(&store.root())?;
        let tokenizer = ImageTokenizer::new(&store.root(), &experiment.autoencoder, quantizer)?;
        let tokenizer = tokenizer.with_precision(experiment.train.precision);
        Ok(Self { tokenizer, store, prior: None, captions: None })
    }

    /// The same with what reads captions, if the experiment has it, with random parameters of its own seed: the tokenizer
    /// begins as it would without.
    ///
    /// # Errors
    /// [`TrainError`] of whatever module cannot be built as configured.
    pub fn with_captions(self, experiment: &Experiment, language: Option<&Arc<Language>>) -> Result<Self, TrainError> {
        let (Some(config), Some(language)) = (&experiment.captions, language) else { return Ok(self) };
        let _turn = Turn::seeded(mix(experiment.seed, CAPTIONS));
        let (root, layout) = (self.store.root(), self.tokenizer.layout());
        let captions = CaptionHead::new(&root, layout, config, Arc::clone(language), self.prior.as_ref())?;
        Ok(Self { captions: Some(captions), ..self })
    }

    /// The tokenizer of a checkpoint, for inference: its codes are computed once, here. If the run kept an average of the
    /// weights, it has these.
    ///
    /// # Errors
    /// [`TrainError::Checkpoint`] if a parameter is missing or of another shape.
    pub fn restore(checkpoint: &Checkpoint, device: Device) -> Result<Self, TrainError> {
        Self::restore_with(checkpoint, device, Weights::Ema)
    }

    /// As [`TokenizerState::restore`], with a choice of weights.
    ///
    /// # Errors
    /// [`TrainError::Checkpoint`] if a parameter is missing or of another shape.
    pub fn restore_with(checkpoint: &Checkpoint, device: Device, weights: Weights) -> Result<Self, TrainError> {
        let experiment = &checkpoint.header().experiment;
        let prior = checkpoint.prior()?;
        let turn = Turn::take();
        let store = nn::VarStore::new(device);
        let quantizer = experiment.quantizer.build(&store.root(), prior.as_ref(), &mut |codebook| {
            checkpoint.restore_model(&store, weights)?;
            Ok(Box::new(FixedCodebook::freeze(codebook.as_ref())))
        })?;
        let tokenizer = ImageTokenizer::new(&store.root(), &experiment.autoencoder, quantizer)?;
        let tokenizer = tokenizer.with_precision(experiment.train.precision);
        drop(turn);
        let language = checkpoint.language()?.map(Arc::new);
        let state = Self { tokenizer, store, prior, captions: None };
        let state = state.with_captions(experiment, language.as_ref())?;
        checkpoint.restore_model(&state.store, weights)?;
        Ok(state)
    }

    /// The word of a code, if codes are words.
    pub fn word(&self, id: i64) -> Option<&Word> {
        self.prior.as_ref()?.words().get(usize::try_from(id).ok()?)
    }
}
