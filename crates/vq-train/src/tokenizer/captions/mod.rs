//! The loss terms of captions.

#[cfg(test)]
mod tests;

use tch::{Kind, Tensor};
use vlt_caption::{CaptionBatch, CaptionError, Memory, WantedCodes};
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
    let device = latents.device();
    let batch = head.language().vocabulary().map().batch(&head.encode(captions)?).to_device(device);
    let codes = codes(&gates, quantized);
    let memory = head.translator.encode(&codes, Mode::Train)?;
    let mut terms = CaptionTerms { total: Tensor::zeros([], (Kind::Float, device)), figures: Vec::new() };
    if head.translates() {
        let translation = head.translator.loss_of(&memory, &batch, Mode::Train)?;
        terms.figures.push(("translation_accuracy", translation.accuracy));
        terms.add("translation", translation.loss, head.config.weight);
    }
    if let Some(masked) = &head.masked {
        terms.add("masked_text", masked.loss(&memory, &batch, Mode::Train)?, 1.0);
    }
    if let Some(term) = global_term(head, &memory, &batch)? {
        terms.add("global_alignment", term, 1.0);
    }
    if let Some(relation) = &head.relation {
        let words = head.word_vectors(&batch);
        let counts = (&batch.lengths - 2).clamp_min(0);
        terms.add("relation_alignment", relation.loss(&codes, &words, &counts)?, 1.0);
    }
    if let Some(term) = word_term(head, &gates, latents, quantized, captions)? {
        terms.add("word_supervision", term, 1.0);
    }
    Ok(terms)
}

fn global_term(head: &CaptionHead, memory: &Memory, batch: &CaptionBatch) -> Result<Option<Tensor>, CaptionError> {
    let Some(global) = &head.global else { return Ok(None) };
    // An image without caption cannot be matched.
    let captioned = batch.lengths.ge(3).nonzero().squeeze_dim(1);
    if captioned.size()[0] < 2 {
        return Ok(None);
    }
    let states = memory.states.index_select(0, &captioned);
    let texts = head.text_vectors(batch).index_select(0, &captioned);
    global.loss(&Memory { states }, &texts).map(Some)
}

/// A term of our own: the words of a caption shall be chosen at some position.
fn word_term(
    head: &CaptionHead,
    gates: &GradientGates<'_>,
    latents: &Tensor,
    quantized: &Quantized,
    captions: &[Option<String>],
) -> Result<Option<Tensor>, CaptionError> {
    let (Some(finder), Some(config), Some(live)) = (&head.words, &head.config.word_supervision, &quantized.live) else {
        return Ok(None);
    };
    let named: Vec<Vec<usize>> =
        captions.iter().map(|caption| caption.as_deref().map_or_else(Vec::new, |text| finder.find(text))).collect();
    let latents = gates.through(GradientPath::Encoder, latents).chunk(head.groups.len() as i64, 1);
    let codebook = gates.through(GradientPath::Codebook, &live.codebook);
    let mut total = Tensor::zeros([], (Kind::Float, codebook.device()));
    for (group, latents) in head.groups.iter().zip(latents) {
        let own = |nodes: &Vec<usize>| -> Vec<i64> {
            nodes.iter().map(|&node| node as i64).filter(|id| group.codes.contains(id)).collect()
        };
        let wanted: Vec<Vec<i64>> = named.iter().map(own).collect();
        let most = wanted.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let padded: Vec<i64> = wanted
            .iter()
            .flat_map(|ids| ids.iter().copied().chain(std::iter::repeat_n(-1, most - ids.len())))
            .collect();
        let ids = Tensor::from_slice(&padded).view([wanted.len() as i64, most as i64]).to_device(codebook.device());
        total += config.loss(&latents, &codebook, &WantedCodes { group: group.codes.clone(), ids })?;
    }
    Ok(Some(total))
}

impl CaptionTerms {
    fn add(&mut self, name: &'static str, term: Tensor, weight: f64) {
        self.figures.push((name, term.detach()));
        self.total = &self.total + term.to_kind(Kind::Float) * weight;
    }
}
