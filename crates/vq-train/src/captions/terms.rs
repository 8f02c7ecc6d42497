use tch::{Kind, Tensor};
use vlt_caption::{CaptionBatch, CaptionError, Memory, WantedCodes};
use vq_core::{Mode, Quantized};

use super::{CaptionHead, GradientPath};
use crate::TrainError;

/// What the captions of a batch cost.
#[derive(Debug)]
pub(crate) struct CaptionTerms {
    /// The weighted sum of all terms: a scalar on the autograd graph.
    pub(crate) total: Tensor,
    /// Scalars off the graph, by name.
    pub(crate) figures: Vec<(&'static str, Tensor)>,
}

/// The ways of a gradient from codes into the tokenizer, and how open they are.
struct Ways<'a> {
    open: &'a [GradientPath],
    share: f64,
}

impl Ways<'_> {
    /// The value of `tensor`, with as much of its gradient as goes this way.
    fn through(&self, way: GradientPath, tensor: &Tensor) -> Tensor {
        let fixed = tensor.detach();
        match self.open.contains(&way) {
            true if self.share >= 1.0 => tensor.shallow_clone(),
            true if self.share > 0.0 => &fixed + (tensor - &fixed) * self.share,
            _ => fixed,
        }
    }
}

/// The codes `[B, C, H, W]` with a gradient to encoder and codebook, as far as the ways are open.
fn codes(ways: &Ways<'_>, quantized: &Quantized) -> Tensor {
    let codes = ways.through(GradientPath::Encoder, &quantized.codes);
    match &quantized.live {
        // Adds an exact zero, whose gradient is the codebook's.
        Some(live) => codes + (ways.through(GradientPath::Codebook, &live.codes) - live.codes.detach()),
        None => codes,
    }
}

impl CaptionHead {
    /// The terms of latents and codes in training, at a step that counts from 1. Draws from libtorch's generator.
    pub(crate) fn terms(
        &self,
        step: u64,
        latents: &Tensor,
        quantized: &Quantized,
        captions: &[Option<String>],
    ) -> Result<CaptionTerms, TrainError> {
        let ways = Ways { open: &self.config.gradient, share: self.config.schedule.share(step) };
        let device = latents.device();
        let batch = self.language().vocabulary().map().batch(&self.encode(captions)?).to_device(device);
        let codes = codes(&ways, quantized);
        let memory = self.translator.encode(&codes, Mode::Train)?;
        let mut terms = CaptionTerms { total: Tensor::zeros([], (Kind::Float, device)), figures: Vec::new() };
        if self.translates() {
            let translation = self.translator.loss_of(&memory, &batch, Mode::Train)?;
            terms.figures.push(("translation_accuracy", translation.accuracy));
            terms.add("translation", translation.loss, self.config.weight);
        }
        if let Some(masked) = &self.masked {
            terms.add("masked_text", masked.loss(&memory, &batch, Mode::Train)?, 1.0);
        }
        if let Some(term) = self.global_term(&memory, &batch)? {
            terms.add("global_alignment", term, 1.0);
        }
        if let Some(relation) = &self.relation {
            let words = self.word_vectors(&batch);
            let counts = (&batch.lengths - 2).clamp_min(0);
            terms.add("relation_alignment", relation.loss(&codes, &words, &counts)?, 1.0);
        }
        if let Some(term) = self.word_term(&ways, latents, quantized, captions)? {
            terms.add("word_supervision", term, 1.0);
        }
        Ok(terms)
    }

    /// The mean vector of each caption's tokens, `[B, E]`, which stands for it; zero for an image without caption.
    pub(crate) fn text_vectors(&self, batch: &CaptionBatch) -> Tensor {
        let counts = (&batch.lengths - 2).clamp_min(1).unsqueeze(1);
        let words = self.word_vectors(batch);
        words.sum_dim_intlist(1, false, Kind::Float) / counts
    }

    /// The vectors of each caption's own tokens, `[B, T, E]`: without the one that begins it, and zero behind the last.
    fn word_vectors(&self, batch: &CaptionBatch) -> Tensor {
        let longest = batch.ids.size()[1];
        let ids = batch.ids.narrow(1, 1, longest - 1);
        let places = Tensor::arange(longest - 1, (Kind::Int64, ids.device())).unsqueeze(0);
        let real = places.lt_tensor(&(&batch.lengths - 2).unsqueeze(1)).unsqueeze(2); // [B, T, 1]
        self.translator.word_vectors(&ids).where_scalarother(&real, 0.0)
    }

    fn global_term(&self, memory: &Memory, batch: &CaptionBatch) -> Result<Option<Tensor>, CaptionError> {
        let Some(global) = &self.global else { return Ok(None) };
        // An image without caption has nothing to be told apart by.
        let told = batch.lengths.ge(3).nonzero().squeeze_dim(1);
        if told.size()[0] < 2 {
            return Ok(None);
        }
        let states = memory.states.index_select(0, &told);
        let texts = self.text_vectors(batch).index_select(0, &told);
        global.loss(&Memory { states }, &texts).map(Some)
    }

    /// Our own: what a caption names shall be chosen somewhere.
    fn word_term(
        &self,
        ways: &Ways<'_>,
        latents: &Tensor,
        quantized: &Quantized,
        captions: &[Option<String>],
    ) -> Result<Option<Tensor>, CaptionError> {
        let (Some(finder), Some(config), Some(live)) = (&self.words, &self.config.words, &quantized.live) else {
            return Ok(None);
        };
        let named: Vec<Vec<usize>> =
            captions.iter().map(|caption| caption.as_deref().map_or_else(Vec::new, |text| finder.find(text))).collect();
        let latents = ways.through(GradientPath::Encoder, latents).chunk(self.groups.len() as i64, 1);
        let codebook = ways.through(GradientPath::Codebook, &live.codebook);
        let mut total = Tensor::zeros([], (Kind::Float, codebook.device()));
        for (group, latents) in self.groups.iter().zip(latents) {
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
}

impl CaptionTerms {
    fn add(&mut self, name: &'static str, term: Tensor, weight: f64) {
        self.figures.push((name, term.detach()));
        self.total = &self.total + term.to_kind(Kind::Float) * weight;
    }
}
