//! Sampling id by id.

use tch::Tensor;
use vq_nn::{BlockStack, KeyValueCache, Linear, check_option};
use vq_random::RandomStream;

use crate::autoregressive::Autoregressive;
use crate::depth::DepthTransformer;
use crate::error::GenerateError;
use crate::guidance::Guidance;
use crate::known::{ImageIds, known_ids};
use crate::request::{GenerationConfig, Progress, SampleRequest, Sampled};

const OP: &str = "Autoregressive::sample";

/// An [`Autoregressive`] generator with copies of its weights, packed for sampling; after a training step, make a new one.
#[derive(Debug)]
pub struct Sampler<'a> {
    generator: &'a Autoregressive,
    stack: BlockStack,
    depth: Option<DepthTransformer>,
    heads: Vec<Linear>,
    /// Of each slot, `[V, M]`.
    embeddings: Vec<Tensor>,
}

impl Autoregressive {
    /// Packs the weights for sampling; worth keeping over several batches.
    pub fn sampler(&self) -> Sampler<'_> {
        tch::no_grad(|| {
            let backbone = &self.backbone;
            let slots = &backbone.slots;
            Sampler {
                generator: self,
                stack: backbone.stack.packed(backbone.kind),
                depth: self.depth.as_ref().map(|depth| depth.packed(backbone.kind)),
                heads: backbone.heads.packed(slots, backbone.kind),
                embeddings: (0..slots.count()).map(|slot| slots.table(slot)).collect(),
            }
        })
    }

    /// Samples images. Given positions keep their ids; later positions, row by row, are conditioned on them, earlier ones
    /// are not.
    ///
    /// # Errors
    /// [`GenerateError`] if an option, the condition or the known ids do not fit, or if scores are not finite.
    pub fn sample(&self, request: &SampleRequest<'_>, config: &GenerationConfig) -> Result<Sampled, GenerateError> {
        self.sampler().sample(request, config, &mut |_| {})
    }
}

impl Sampler<'_> {
    /// As [`Autoregressive::sample`]; calls `on_progress` after each position.
    ///
    /// # Errors
    /// Those of [`Autoregressive::sample`].
    pub fn sample(
        &self,
        request: &SampleRequest<'_>,
        config: &GenerationConfig,
        on_progress: &mut dyn FnMut(Progress),
    ) -> Result<Sampled, GenerateError> {
        config.check()?;
        check_option(OP, "rounds", config.rounds.is_none(), "to be none: ids are drawn one by one", "some")?;
        let backbone = &self.generator.backbone;
        let images = request.seeds.len();
        check_option(OP, "seeds", images >= 1, "to be 1 or more", images)?;
        let known = known_ids(OP, &backbone.tokens, request.known, images as i64)?;
        backbone.prefix.check(OP, request.condition, images as i64)?;
        tch::no_grad(|| self.draw(request, &known, config, on_progress))
    }

    fn draw(
        &self,
        request: &SampleRequest<'_>,
        known: &[ImageIds],
        config: &GenerationConfig,
        on_progress: &mut dyn FnMut(Progress),
    ) -> Result<Sampled, GenerateError> {
        let backbone = &self.generator.backbone;
        let positions = backbone.tokens.grid.positions() as usize;
        let slots = backbone.slots.count();
        let mut streams: Vec<RandomStream> = request.seeds.iter().map(|seed| RandomStream::new(*seed)).collect();
        let images = known.len();
        // The ids of each image, position by position.
        let mut ids: Vec<Vec<i64>> = vec![Vec::with_capacity(positions * slots); images];
        let mut log_probabilities = vec![0.0; images];

        // The leading positions that are given for all images are read at once.
        let leading = (0..positions)
            .take_while(|position| known.iter().all(|image| image.positions[*position].is_some()))
            .count();
        for (image, ids) in known.iter().zip(&mut ids) {
            ids.extend(image.positions[..leading].iter().flatten().flatten());
        }
        streams.iter_mut().for_each(|stream| stream.skip(leading * slots));
        let mut pass = Pass::new(self, request, config, &ids, leading.min(positions - 1));
        for position in leading..positions {
            let mut slot_pass = pass.slots();
            for slot in 0..slots {
                // A number is drawn for known positions too, so that known ids do not change the other draws.
                let uniform: Vec<f64> = streams.iter_mut().map(RandomStream::unit).collect();
                let sampled = config.draw.sample(&slot_pass.scores(slot), &uniform);
                let mut chosen = Vec::with_capacity(images);
                for (image, sampled) in sampled.iter().enumerate() {
                    let id = match &known[image].positions[position] {
                        Some(given) => given[slot],
                        None if sampled.log_probability.is_finite() => {
                            log_probabilities[image] += sampled.log_probability;
                            backbone.slots.first(slot) + sampled.token
                        }
                        None => return Err(GenerateError::NotFinite { op: OP, image, got: sampled.log_probability }),
                    };
                    ids[image].push(id);
                    chosen.push(id);
                }
                slot_pass.choose(slot, &chosen);
            }
            let content = slot_pass.content();
            if position + 1 < positions {
                pass.read(&content, position + 1);
            }
            on_progress(Progress { done: position as i64 + 1, total: positions as i64 });
        }
        let ids = Tensor::from_slice(&ids.concat());
        let grid = backbone.tokens.grid;
        let ids = ids.view([images as i64, grid.rows, grid.columns, slots as i64]);
        Ok(Sampled { ids, log_probabilities })
    }
}

/// A pass through the positions.
struct Pass<'a> {
    sampler: &'a Sampler<'a>,
    guidance: Guidance,
    cache: KeyValueCache,
    slot_cache: Option<KeyValueCache>,
    /// `[R, M]`: the state that predicts the next position; `R` is `B`, or `2 B` if half of the rows are unconditional.
    state: Tensor,
}

impl<'a> Pass<'a> {
    /// Reads the condition and the first `leading` positions of `ids`.
    fn new(
        sampler: &'a Sampler<'a>,
        request: &SampleRequest<'_>,
        config: &GenerationConfig,
        ids: &[Vec<i64>],
        leading: usize,
    ) -> Self {
        let generator = sampler.generator;
        let backbone = &generator.backbone;
        let (images, slots) = (ids.len() as i64, backbone.slots.count());
        let guidance = Guidance::new(config.guidance, request.condition);
        let prefix = guidance.prefix(&backbone.prefix, request.condition, images);
        let given: Vec<i64> = ids.iter().flat_map(|ids| &ids[..leading * slots]).copied().collect();
        let given = Tensor::from_slice(&given).view([images, leading as i64, slots as i64]).to_device(backbone.device);
        let contents = guidance.rows(&generator.contents(&given)); // [R, leading + 1, M]
        let sequence = backbone.with_prefix(prefix, backbone.with_positions(&contents, 0));
        let rows = sequence.size().first().copied().unwrap_or(0);
        let longest = backbone.prefix.length() + backbone.tokens.grid.positions();
        let mut cache = sampler.stack.start(rows, longest, None);
        let state = sampler.stack.advance(&mut cache, &sequence);
        let slot_cache = sampler.depth.as_ref().map(|depth| depth.start(rows));
        Self { sampler, guidance, cache, slot_cache, state }
    }

    /// Starts the slots of the next position.
    fn slots(&mut self) -> SlotPass<'_, 'a> {
        if let Some(cache) = &mut self.slot_cache {
            cache.clear();
        }
        SlotPass { pass: self, before: None, content: None }
    }

    /// Reads the embedding `[B, M]` of the ids before `position`.
    fn read(&mut self, content: &Tensor, position: usize) {
        let backbone = &self.sampler.generator.backbone;
        let token = backbone.with_positions(&self.guidance.rows(content).unsqueeze(1), position as i64); // [R, 1, M]
        self.state = self.sampler.stack.advance(&mut self.cache, &token);
    }
}

/// A pass through the slots of a position.
struct SlotPass<'p, 'a> {
    pass: &'p mut Pass<'a>,
    /// `[R, M]`: the embedding of the id before.
    before: Option<Tensor>,
    /// `[B, M]`: the sum of the embeddings of the ids.
    content: Option<Tensor>,
}

impl SlotPass<'_, '_> {
    /// Scores of a slot's codes, `[B, V]`.
    fn scores(&mut self, slot: usize) -> Tensor {
        let sampler = self.pass.sampler;
        let state = match (&sampler.depth, &mut self.pass.slot_cache) {
            (Some(depth), Some(cache)) => depth.advance(cache, slot, self.before.as_ref().unwrap_or(&self.pass.state)),
            _ => self.pass.state.shallow_clone(),
        };
        self.pass.guidance.mix(&sampler.heads[slot].forward(&state))
    }

    /// Appends the chosen id of each image.
    fn choose(&mut self, slot: usize, ids: &[i64]) {
        let sampler = self.pass.sampler;
        let backbone = &sampler.generator.backbone;
        let local = Tensor::from_slice(ids).to_device(backbone.device) - backbone.slots.first(slot);
        let embeddings = sampler.embeddings[slot].index_select(0, &local); // [B, M]
        self.before = Some(self.pass.guidance.rows(&embeddings.to_kind(backbone.kind)));
        self.content = Some(self.content.take().map_or_else(|| embeddings.shallow_clone(), |sum| sum + &embeddings));
    }

    /// The embedding of the position, `[B, M]`.
    fn content(self) -> Tensor {
        let state = &self.pass.state;
        self.content.unwrap_or_else(|| state.zeros_like())
    }
}
