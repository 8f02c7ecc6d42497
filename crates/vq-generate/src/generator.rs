//! A generator of either order.

use tch::{Kind, Tensor, nn};
use vq_core::Mode;

use crate::autoregressive::Autoregressive;
use crate::condition::{Condition, Conditioning};
use crate::config::{GeneratorConfig, Order};
use crate::error::GenerateError;
use crate::grid::TokenGrid;
use crate::loss::GeneratorLoss;
use crate::masked::Masked;
use crate::request::{GenerationConfig, Progress, SampleRequest, Sampled};

/// Images of a training step.
#[derive(Debug)]
pub struct GeneratorBatch {
    /// `[B, H, W, S]`, `Int64`, in the layout of the tokenizer's quantizer.
    pub ids: Tensor,
    /// What each image shows.
    pub condition: Condition,
}

/// A generator of either order.
#[derive(Debug)]
pub enum Generator {
    /// Generates id by id.
    Autoregressive(Box<Autoregressive>),
    /// Generates in a few rounds.
    Masked(Box<Masked>),
}

impl Generator {
    /// Registers a generator of the configured order under `path`.
    ///
    /// `codes` are the vectors of each slot's ids in the tokenizer, `S` tensors `[V, D]`, needed for
    /// [`IdSource::Codes`](crate::IdSource::Codes); they stay constant and are not parameters.
    ///
    /// # Errors
    /// [`GenerateError::Input`] if an option, the grid, the codes or the conditioning is invalid.
    pub fn new(
        path: &nn::Path,
        tokens: &TokenGrid,
        codes: Option<&[Tensor]>,
        conditioning: &Conditioning<'_>,
        config: &GeneratorConfig,
    ) -> Result<Self, GenerateError> {
        Ok(match config.order {
            Order::Autoregressive { .. } => {
                Self::Autoregressive(Box::new(Autoregressive::new(path, tokens, codes, conditioning, config)?))
            }
            Order::Masked => Self::Masked(Box::new(Masked::new(path, tokens, codes, conditioning, config)?)),
        })
    }

    /// The options of the generator.
    pub fn config(&self) -> &GeneratorConfig {
        match self {
            Self::Autoregressive(generator) => &generator.backbone.config,
            Self::Masked(generator) => &generator.backbone.config,
        }
    }

    /// The grid that the generator generates.
    pub fn tokens(&self) -> &TokenGrid {
        match self {
            Self::Autoregressive(generator) => &generator.backbone.tokens,
            Self::Masked(generator) => &generator.backbone.tokens,
        }
    }

    /// Sets the dtype of the computation; `Float` before. Parameters keep theirs.
    pub fn set_compute_dtype(&mut self, kind: Kind) {
        match self {
            Self::Autoregressive(generator) => generator.set_compute_dtype(kind),
            Self::Masked(generator) => generator.set_compute_dtype(kind),
        }
    }

    /// The loss of a batch.
    ///
    /// # Errors
    /// Those of [`Autoregressive::loss`] and [`Masked::loss`].
    pub fn loss(&self, batch: &GeneratorBatch, mode: Mode) -> Result<GeneratorLoss, GenerateError> {
        match self {
            Self::Autoregressive(generator) => generator.loss(&batch.ids, &batch.condition, mode),
            Self::Masked(generator) => generator.loss(&batch.ids, &batch.condition, mode),
        }
    }

    /// Samples images.
    ///
    /// # Errors
    /// Those of [`Autoregressive::sample`] and [`Masked::sample`].
    pub fn sample(&self, request: &SampleRequest<'_>, config: &GenerationConfig) -> Result<Sampled, GenerateError> {
        self.sample_with_progress(request, config, &mut |_| {})
    }

    /// As [`Generator::sample`]; calls `on_progress` after each position or round.
    ///
    /// # Errors
    /// Those of [`Generator::sample`].
    pub fn sample_with_progress(
        &self,
        request: &SampleRequest<'_>,
        config: &GenerationConfig,
        on_progress: &mut dyn FnMut(Progress),
    ) -> Result<Sampled, GenerateError> {
        match self {
            Self::Autoregressive(generator) => generator.sampler().sample(request, config, on_progress),
            Self::Masked(generator) => generator.sample(request, config, on_progress),
        }
    }
}
