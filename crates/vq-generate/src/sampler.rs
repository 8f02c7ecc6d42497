//! Images id by id.

use tch::Tensor;
use vq_transformer::{LaidLinear, Uniform, check_option};

use crate::depth::LaidDepth;
use crate::guidance::Guidance;
use crate::request::{KnownIds, known_ids};
use crate::stack::{LaidStack, Reading};
use crate::{Autoregressive, GenerateError, GenerationConfig, Progress, SampleRequest, Sampled};

const OP: &str = "Autoregressive::sample";

/// An [`Autoregressive`] generator with its weights laid out for sampling; after a step of training, make another.
#[derive(Debug)]
pub struct Sampler<'a> {
    generator: &'a Autoregressive,
    stack: LaidStack<'a>,
    depth: Option<LaidDepth<'a>>,
    heads: Vec<LaidLinear>,
    /// Of each slot, `[V, M]`.
    vectors: Vec<Tensor>,
}

impl Autoregressive {
    /// Lays the weights out for sampling; worth keeping over several batches.
    pub fn sampler(&self) -> Sampler<'_> {
        tch::no_grad(|| {
            let frame = &self.frame;
            Sampler {
                generator: self,
                stack: frame.stack.lay(frame.kind),
                depth: self.depth.as_ref().map(|depth| depth.lay(frame.kind)),
                heads: frame.heads.lay(&frame.slots, frame.kind),
                vectors: frame.slots.tables(),
            }
        })
    }

    /// Draws images. Positions that are given keep their ids, and what comes after them is drawn given them; what comes
    /// before them, row by row, does not see them.
    ///
    /// # Errors
    /// [`GenerateError`] if an option, the condition or what is given does not fit, or if the scores are no numbers.
    pub fn sample(&self, request: &SampleRequest<'_>, config: &GenerationConfig) -> Result<Sampled, GenerateError> {
        self.sampler().sample(request, config, &mut |_| {})
    }
}

impl Sampler<'_> {
    /// As [`Autoregressive::sample`]; `watch` hears of each position.
    ///
    /// # Errors
    /// Those of [`Autoregressive::sample`].
    pub fn sample(
        &self,
        request: &SampleRequest<'_>,
        config: &GenerationConfig,
        watch: &mut dyn FnMut(Progress),
    ) -> Result<Sampled, GenerateError> {
        config.check()?;
        check_option(OP, "rounds", config.rounds.is_none(), "to be none: ids are drawn one by one", "some")?;
        let frame = &self.generator.frame;
        let images = request.seeds.len();
        check_option(OP, "seeds", images >= 1, "to be 1 or more", images)?;
        let known = known_ids(OP, &frame.tokens, request.known, images as i64)?;
        frame.prefix.check(OP, request.condition, images as i64)?;
        tch::no_grad(|| self.draw(request, &known, config, watch))
    }

    fn draw(
        &self,
        request: &SampleRequest<'_>,
        known: &[KnownIds],
        config: &GenerationConfig,
        watch: &mut dyn FnMut(Progress),
    ) -> Result<Sampled, GenerateError> {
        let frame = &self.generator.frame;
        let positions = frame.tokens.grid.positions() as usize;
        let slots = frame.slots.count();
        let mut uniform: Vec<Uniform> = request.seeds.iter().map(|seed| Uniform::new(*seed)).collect();
        let images = known.len();
        // The ids of each image, position by position.
        let mut ids: Vec<Vec<i64>> = vec![Vec::with_capacity(positions * slots); images];
        let mut log_probabilities = vec![0.0; images];

        // What all images know from the start is read at once.
        let leading = (0..positions)
            .take_while(|position| known.iter().all(|image| image.positions[*position].is_some()))
            .count();
        for (image, ids) in known.iter().zip(&mut ids) {
            ids.extend(image.positions[..leading].iter().flatten().flatten());
        }
        uniform.iter_mut().for_each(|uniform| uniform.skip(leading * slots));
        let mut pass = Pass::new(self, request, config, &ids, leading.min(positions - 1));
        for position in leading..positions {
            let mut places = pass.slots();
            for slot in 0..slots {
                // A number for each position, known or not, so that knowing some changes no other draw.
                let uniform: Vec<f64> = uniform.iter_mut().map(Uniform::draw).collect();
                let drawn = config.draw.draw(&places.scores(slot), &uniform);
                let mut chosen = Vec::with_capacity(images);
                for (image, drawn) in drawn.iter().enumerate() {
                    let id = match &known[image].positions[position] {
                        Some(given) => given[slot],
                        None if drawn.log_probability.is_finite() => {
                            log_probabilities[image] += drawn.log_probability;
                            frame.slots.first(slot) + drawn.token
                        }
                        None => return Err(GenerateError::NotFinite { op: OP, image, got: drawn.log_probability }),
                    };
                    ids[image].push(id);
                    chosen.push(id);
                }
                places.choose(slot, &chosen);
            }
            let content = places.content();
            if position + 1 < positions {
                pass.read(&content, position + 1);
            }
            watch(Progress { done: position as i64 + 1, total: positions as i64 });
        }
        let ids = Tensor::from_slice(&ids.concat());
        let grid = frame.tokens.grid;
        let ids = ids.view([images as i64, grid.rows, grid.columns, slots as i64]);
        Ok(Sampled { ids, log_probabilities })
    }
}

/// A pass through the positions.
struct Pass<'a> {
    sampler: &'a Sampler<'a>,
    guidance: Guidance,
    reading: Reading,
    slots: Option<Reading>,
    /// `[R, M]`: what is known of the next position; `R` is `B`, or `2 B` if half of the rows have no condition.
    state: Tensor,
}

impl<'a> Pass<'a> {
    /// Has read the condition and `leading` positions of ids.
    fn new(
        sampler: &'a Sampler<'a>,
        request: &SampleRequest<'_>,
        config: &GenerationConfig,
        ids: &[Vec<i64>],
        leading: usize,
    ) -> Self {
        let generator = sampler.generator;
        let frame = &generator.frame;
        let (images, slots) = (ids.len() as i64, frame.slots.count());
        let guidance = Guidance::new(config.guidance, request.condition);
        let prefix = guidance.prefix(&frame.prefix, request.condition, images);
        let given: Vec<i64> = ids.iter().flat_map(|ids| &ids[..leading * slots]).copied().collect();
        let given = Tensor::from_slice(&given).view([images, leading as i64, slots as i64]).to_device(frame.device);
        let contents = guidance.rows(&generator.contents(&given)); // [R, leading + 1, M]
        let sequence = frame.prefixed(prefix, frame.placed(&contents, 0));
        let rows = sequence.size().first().copied().unwrap_or(0);
        let longest = frame.prefix.length() + frame.tokens.grid.positions();
        let mut reading = sampler.stack.start(rows, longest, &sequence);
        let state = sampler.stack.advance(&mut reading, &sequence.flatten(0, 1));
        let slots = sampler.depth.as_ref().map(|depth| depth.start(rows));
        Self { sampler, guidance, reading, slots, state }
    }

    /// The slots of the next position.
    fn slots(&mut self) -> Slotwise<'_, 'a> {
        if let Some(reading) = &mut self.slots {
            reading.restart();
        }
        Slotwise { pass: self, before: None, content: None }
    }

    /// Reads the vectors `[B, M]` of the ids before `position`.
    fn read(&mut self, content: &Tensor, position: usize) {
        let frame = &self.sampler.generator.frame;
        let token = frame.placed(&self.guidance.rows(content).unsqueeze(1), position as i64).squeeze_dim(1); // [R, M]
        self.state = self.sampler.stack.advance(&mut self.reading, &token);
    }
}

/// A pass through the slots of a position.
struct Slotwise<'p, 'a> {
    pass: &'p mut Pass<'a>,
    /// `[R, M]`: the vector of the id before.
    before: Option<Tensor>,
    /// `[B, M]`: the sum of the vectors of the ids.
    content: Option<Tensor>,
}

impl Slotwise<'_, '_> {
    /// Scores of a slot's codes, `[B, V]`.
    fn scores(&mut self, slot: usize) -> Tensor {
        let sampler = self.pass.sampler;
        let state = match (&sampler.depth, &mut self.pass.slots) {
            (Some(depth), Some(reading)) => {
                depth.advance(reading, slot, self.before.as_ref().unwrap_or(&self.pass.state))
            }
            _ => self.pass.state.shallow_clone(),
        };
        self.pass.guidance.mix(&sampler.heads[slot].forward(&state))
    }

    /// Takes an id of each image.
    fn choose(&mut self, slot: usize, ids: &[i64]) {
        let sampler = self.pass.sampler;
        let frame = &sampler.generator.frame;
        let places = Tensor::from_slice(ids).to_device(frame.device) - frame.slots.first(slot);
        let vectors = sampler.vectors[slot].index_select(0, &places); // [B, M]
        self.before = Some(self.pass.guidance.rows(&vectors.to_kind(frame.kind)));
        self.content = Some(self.content.take().map_or_else(|| vectors.shallow_clone(), |sum| sum + &vectors));
    }

    /// The vector of the position.
    fn content(self) -> Tensor {
        let state = &self.pass.state;
        self.content.unwrap_or_else(|| state.zeros_like())
    }
}
