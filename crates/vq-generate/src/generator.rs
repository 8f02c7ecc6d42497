use tch::{Kind, Tensor, nn};
use vq_core::Mode;

use crate::{
    Autoregressive, Condition, Conditioning, GenerateError, GenerationConfig, GeneratorConfig, GeneratorLoss, Masked,
    Order, Progress, SampleRequest, Sampled, TokenGrid,
};

/// Images of a training step.
#[derive(Debug)]
pub struct GeneratorBatch {
    /// `[B, H, W, S]`, `Int64`, laid out as the tokenizer's quantizer says.
    pub ids: Tensor,
    /// What each shows.
    pub condition: Condition,
}

/// A generator of either order.
#[derive(Debug)]
pub enum Generator {
    /// Id by id.
    Autoregressive(Box<Autoregressive>),
    /// In a few rounds.
    Masked(Box<Masked>),
}

impl Generator {
    /// Registers a generator of the order that the options name under `path`.
    ///
    /// `codes` are the vectors of each slot's ids in the tokenizer, `S` tensors `[V, D]`, for
    /// [`IdSource::Codes`](crate::IdSource::Codes); they stay as they are, and are no parameters.
    ///
    /// # Errors
    /// [`GenerateError::Input`] if an option, the grid, the codes or the condition's source makes no sense.
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

    /// The options that the generator was built with.
    pub fn config(&self) -> &GeneratorConfig {
        match self {
            Self::Autoregressive(generator) => &generator.frame.config,
            Self::Masked(generator) => &generator.frame.config,
        }
    }

    /// The grid that the generator makes.
    pub fn tokens(&self) -> &TokenGrid {
        match self {
            Self::Autoregressive(generator) => &generator.frame.tokens,
            Self::Masked(generator) => &generator.frame.tokens,
        }
    }

    /// Computes in numbers of this kind from now on; `Float` before. Parameters stay as they are.
    pub fn compute_in(&mut self, kind: Kind) {
        match self {
            Self::Autoregressive(generator) => generator.compute_in(kind),
            Self::Masked(generator) => generator.compute_in(kind),
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

    /// Draws images.
    ///
    /// # Errors
    /// Those of [`Autoregressive::sample`] and [`Masked::sample`].
    pub fn sample(&self, request: &SampleRequest<'_>, config: &GenerationConfig) -> Result<Sampled, GenerateError> {
        self.sample_watched(request, config, &mut |_| {})
    }

    /// As [`Generator::sample`]; `watch` hears of each position or round.
    ///
    /// # Errors
    /// Those of [`Generator::sample`].
    pub fn sample_watched(
        &self,
        request: &SampleRequest<'_>,
        config: &GenerationConfig,
        watch: &mut dyn FnMut(Progress),
    ) -> Result<Sampled, GenerateError> {
        match self {
            Self::Autoregressive(generator) => generator.sampler().sample(request, config, watch),
            Self::Masked(generator) => generator.sample(request, config, watch),
        }
    }
}
