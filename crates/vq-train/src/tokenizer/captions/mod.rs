//! The loss terms of captions.

#[cfg(test)]
mod tests;

use tch::Tensor;
use vlt_caption::{CaptionLossInputs, sum_caption_terms};
use vq_core::{Mode, Quantized};
use vq_experiment::GradientPath;
use vq_pipeline::CaptionHead;

use crate::TrainError;

/// The loss terms of the captions of a batch.
#[derive(Debug)]
pub(super) struct CaptionTerms {
    /// The weighted sum of all terms: a scalar on the autograd graph.
    pub(super) total: Tensor,
    /// Scalars off the autograd graph, by name.
    pub(super) figures: Vec<(&'static str, Tensor)>,
}

/// The paths of a gradient from codes into the tokenizer, and its factor on them.
struct GradientGates<'a> {
    open: &'a [GradientPath],
    factor: f64,
}

impl GradientGates<'_> {
    /// The value of `tensor`, with its gradient scaled by the factor of a path.
    fn through(&self, path: GradientPath, tensor: &Tensor) -> Tensor {
        let fixed = tensor.detach();
        match self.open.contains(&path) {
            true if self.factor >= 1.0 => tensor.shallow_clone(),
            true if self.factor > 0.0 => &fixed + (tensor - &fixed) * self.factor,
            _ => fixed,
        }
    }
}

/// The codes `[B, C, H, W]` with a gradient to encoder and codebook, as far as the gates are open.
fn codes(gates: &GradientGates<'_>, quantized: &Quantized) -> Tensor {
    let codes = gates.through(GradientPath::Encoder, &quantized.codes);
    match &quantized.live {
        // Adds an exact zero, whose gradient is the codebook's.
        Some(live) => codes + (gates.through(GradientPath::Codebook, &live.codes) - live.codes.detach()),
        None => codes,
    }
}

/// The terms of latents and codes in training, at a step that counts from 1. Draws from libtorch's generator.
pub(super) fn caption_terms(
    head: &CaptionHead,
    step: u64,
    latents: &Tensor,
    quantized: &Quantized,
    captions: &[Option<String>],
) -> Result<CaptionTerms, TrainError> {
    let gates = GradientGates { open: &head.config.gradient, factor: head.config.schedule.factor(step) };
    let batch = head.language().vocabulary().map().batch(&head.encode(captions)?).to_device(latents.device());
    let codes = codes(&gates, quantized);
    let latents = gates.through(GradientPath::Encoder, latents);
    let codebook = quantized.live.as_ref().map(|live| gates.through(GradientPath::Codebook, &live.codebook));
    let memory = head.translator.encode(&codes, Mode::Train)?;
    let inputs = CaptionLossInputs {
        decoder: &head.translator,
        memory: &memory,
        codes: &codes,
        latents: &latents,
        codebook: codebook.as_ref(),
        batch: &batch,
        captions,
        mode: Mode::Train,
    };
    let sum = sum_caption_terms(&head.terms, &inputs)?;
    let figures = sum.figures.into_iter().map(|figure| (figure.name, figure.value)).collect();
    Ok(CaptionTerms { total: sum.total, figures })
}
