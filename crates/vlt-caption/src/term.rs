//! Loss terms of captions, and their sum.

use std::any::Any;
use std::fmt::Debug;

use tch::{Kind, Tensor};
use vq_core::Mode;

use crate::batch::CaptionBatch;
use crate::decoder::CaptionDecoder;
use crate::error::CaptionError;
use crate::memory::Memory;

/// What the loss terms of a batch are computed from.
///
/// Gradients reach the tokenizer through `memory`, `codes`, `latents` and `codebook`: detach what should not be trained.
#[derive(Debug, Clone, Copy)]
pub struct CaptionLossInputs<'a> {
    /// The decoder that encoded the codes.
    pub decoder: &'a CaptionDecoder,
    /// The encoded codes.
    pub memory: &'a Memory,
    /// `[B, C, H, W]`: the quantized codes.
    pub codes: &'a Tensor,
    /// `[B, C, H, W]`: the latents before quantization.
    pub latents: &'a Tensor,
    /// `[K, D]`: the codebook of all groups; none if the quantizer has none, and then terms that need it are skipped.
    pub codebook: Option<&'a Tensor>,
    /// The captions as tokens.
    pub batch: &'a CaptionBatch,
    /// The captions as text, one for each image.
    pub captions: &'a [Option<String>],
    /// Dropout acts in `Train` only.
    pub mode: Mode,
}

/// The value of one term.
#[derive(Debug)]
pub struct CaptionTermLoss {
    /// Scalar with gradients, the term's weight included: what the total adds.
    pub weighted: Tensor,
    /// Scalar without gradient: the value that is logged under the term's name.
    pub logged: Tensor,
    /// Further values to log.
    pub figures: Vec<TermFigure>,
}

impl CaptionTermLoss {
    /// A term that logs its weighted value and nothing else.
    pub fn weighted(loss: Tensor) -> Self {
        Self { logged: loss.detach(), weighted: loss, figures: Vec::new() }
    }
}

/// A value to log.
#[derive(Debug)]
pub struct TermFigure {
    /// The log key.
    pub name: &'static str,
    /// Scalar without gradient.
    pub value: Tensor,
}

/// A loss term of captions. To add one, implement this trait in a file of its own.
///
/// ```
/// use vlt_caption::{CaptionError, CaptionLossInputs, CaptionLossTerm, CaptionTermLoss};
///
/// /// Keeps encoded codes small.
/// #[derive(Debug)]
/// struct MemorySize {
///     weight: f64,
/// }
///
/// impl CaptionLossTerm for MemorySize {
///     fn name(&self) -> &'static str {
///         "memory_size"
///     }
///
///     fn compute(&self, inputs: &CaptionLossInputs<'_>) -> Result<Option<CaptionTermLoss>, CaptionError> {
///         let states = &inputs.memory.states; // [B, P, M]
///         Ok(Some(CaptionTermLoss::weighted(states.square().mean(states.kind()) * self.weight)))
///     }
/// }
/// ```
pub trait CaptionLossTerm: Any + Debug + Send {
    /// The log key, unique among terms.
    fn name(&self) -> &'static str;

    /// The loss of a batch; none if the term does not apply to it, and then nothing is logged.
    ///
    /// Draws random numbers from libtorch's generator only, so that a seed fixes a training step.
    ///
    /// # Errors
    /// [`CaptionError`] if the inputs do not fit.
    fn compute(&self, inputs: &CaptionLossInputs<'_>) -> Result<Option<CaptionTermLoss>, CaptionError>;
}

impl dyn CaptionLossTerm {
    /// The term as its own type, if it is a `T`.
    pub fn downcast_ref<T: CaptionLossTerm>(&self) -> Option<&T> {
        (self as &dyn Any).downcast_ref()
    }
}

/// The sum of all terms.
#[derive(Debug)]
pub struct CaptionLossTotal {
    /// Scalar, `Float`, with gradients: the weighted sum.
    pub total: Tensor,
    /// The logged values of the terms, in order; a term's further figures precede its own value.
    pub figures: Vec<TermFigure>,
}

/// Computes terms in order and adds them up.
///
/// The order matters: terms draw from libtorch's generator one after another.
///
/// # Errors
/// That of the first term that fails.
pub fn sum_caption_terms(
    terms: &[Box<dyn CaptionLossTerm>],
    inputs: &CaptionLossInputs<'_>,
) -> Result<CaptionLossTotal, CaptionError> {
    let mut total = Tensor::zeros([], (Kind::Float, inputs.memory.states.device()));
    let mut figures = Vec::new();
    for term in terms {
        let Some(loss) = term.compute(inputs)? else { continue };
        figures.extend(loss.figures);
        figures.push(TermFigure { name: term.name(), value: loss.logged });
        total = &total + loss.weighted.to_kind(Kind::Float);
    }
    Ok(CaptionLossTotal { total, figures })
}
