//! Sampling in a few rounds.

use tch::Tensor;
use vq_core::Mode;
use vq_nn::{SampleConfig, SampledToken, check_option, f64_values};
use vq_random::RandomStream;

use crate::error::GenerateError;
use crate::guidance::Guidance;
use crate::known::{ImageIds, known_ids};
use crate::loss::gather_log_probabilities;
use crate::masked::{Masked, masked_share};
use crate::request::{GenerationConfig, Progress, RoundsConfig, SampleRequest, Sampled};

const OP: &str = "Masked::sample";

/// The largest number of scores that is computed at a time.
const MAX_SCORES: i64 = 1 << 23;

/// The ids of an image while it is sampled.
struct Canvas {
    /// `P * S`; a mask token where none is known yet.
    ids: Vec<i64>,
    /// Indices of the mask tokens in `ids`, in order.
    masked: Vec<usize>,
    /// Mask tokens at the start.
    initially_masked: usize,
    stream: RandomStream,
    log_probability: f64,
}

/// What was drawn for a mask token.
#[derive(Debug, Clone, Copy)]
struct Draw {
    sampled: SampledToken,
    /// Log-probability of the id before temperature, `top_k` and `top_p`. Confidence is measured by it, because a cut that
    /// leaves one id would make that id certain.
    model_log_probability: f64,
}

/// An id that may be kept.
struct Candidate {
    /// Into [`Canvas::ids`].
    index: usize,
    id: i64,
    log_probability: f64,
    confidence: f64,
}

impl Masked {
    /// Samples images: each round draws all masked ids and keeps the most confident. Given positions keep their ids; if
    /// all are given, they are returned. Calls `on_progress` after each round.
    ///
    /// # Errors
    /// [`GenerateError`] if an option, the condition or the known ids do not fit, or if scores are not finite.
    pub fn sample(
        &self,
        request: &SampleRequest<'_>,
        config: &GenerationConfig,
        on_progress: &mut dyn FnMut(Progress),
    ) -> Result<Sampled, GenerateError> {
        config.check()?;
        let backbone = &self.backbone;
        let images = request.seeds.len();
        check_option(OP, "seeds", images >= 1, "to be 1 or more", images)?;
        let known = known_ids(OP, &backbone.tokens, request.known, images as i64)?;
        backbone.prefix.check(OP, request.condition, images as i64)?;
        let mut canvases: Vec<Canvas> =
            known.iter().zip(request.seeds).map(|(known, seed)| self.canvas(known, *seed)).collect();
        let rounds = config.rounds.clone().unwrap_or_default();
        tch::no_grad(|| {
            let guidance = Guidance::new(config.guidance, request.condition);
            let prefix = guidance.prefix(&backbone.prefix, request.condition, images as i64);
            for round in 1..=rounds.steps {
                if canvases.iter().all(|canvas| canvas.masked.is_empty()) {
                    break;
                }
                let draws = self.draw(&mut canvases, prefix.as_ref(), guidance, &config.draw);
                for (image, (canvas, draws)) in canvases.iter_mut().zip(draws).enumerate() {
                    let mut numbers = draws.iter().map(|draw| draw.sampled.log_probability);
                    if let Some(got) = numbers.find(|number| !number.is_finite()) {
                        return Err(GenerateError::NotFinite { op: OP, image, got });
                    }
                    canvas.keep(&draws, &rounds, round as f64 / rounds.steps as f64, |index, token| {
                        backbone.slots.first(index % backbone.slots.count()) + token
                    });
                }
                on_progress(Progress { done: round, total: rounds.steps });
            }
            Ok(())
        })?;
        let ids: Vec<i64> = canvases.iter().flat_map(|canvas| &canvas.ids).copied().collect();
        let grid = backbone.tokens.grid;
        Ok(Sampled {
            ids: Tensor::from_slice(&ids).view([images as i64, grid.rows, grid.columns, backbone.tokens.slots()]),
            log_probabilities: canvases.iter().map(|canvas| canvas.log_probability).collect(),
        })
    }

    fn canvas(&self, known: &ImageIds, seed: u64) -> Canvas {
        let slots = &self.backbone.slots;
        let masks: Vec<i64> = (0..slots.count()).map(|slot| slots.mask(slot)).collect();
        let positions = known.positions.iter();
        let ids: Vec<i64> = positions.clone().flat_map(|ids| ids.as_ref().unwrap_or(&masks)).copied().collect();
        let count = slots.count();
        let unknown = positions.enumerate().filter(|(_, ids)| ids.is_none());
        let masked: Vec<usize> = unknown.flat_map(|(position, _)| position * count..(position + 1) * count).collect();
        Canvas { ids, initially_masked: masked.len(), masked, stream: RandomStream::new(seed), log_probability: 0.0 }
    }

    /// Draws all masked ids of each image, in the order of [`Canvas::masked`].
    fn draw(
        &self,
        canvases: &mut [Canvas],
        prefix: Option<&Tensor>,
        guidance: Guidance,
        config: &SampleConfig,
    ) -> Vec<Vec<Draw>> {
        let backbone = &self.backbone;
        let (positions, slots) = (backbone.tokens.grid.positions(), backbone.slots.count());
        let images = canvases.len() as i64;
        let ids: Vec<i64> = canvases.iter().flat_map(|canvas| &canvas.ids).copied().collect();
        let ids = Tensor::from_slice(&ids).view([images, positions, slots as i64]).to_device(backbone.device);
        let states = self.states(&guidance.rows(&ids), prefix.map(Tensor::shallow_clone), Mode::Eval);
        let width = states.size().last().copied().unwrap_or(0);
        let states = states.reshape([-1, images * positions, width]); // [1 or 2, B * P, M]

        let uniform: Vec<Vec<f64>> =
            canvases.iter_mut().map(|canvas| canvas.masked.iter().map(|_| canvas.stream.unit()).collect()).collect();
        let empty =
            Draw { sampled: SampledToken { token: 0, log_probability: f64::NAN }, model_log_probability: f64::NAN };
        let mut draws: Vec<Vec<Draw>> = canvases.iter().map(|canvas| vec![empty; canvas.masked.len()]).collect();
        for slot in 0..slots {
            let mut masked_ids = Vec::new();
            for (image, canvas) in canvases.iter().enumerate() {
                let of_slot = canvas.masked.iter().enumerate().filter(|(_, index)| **index % slots == slot);
                masked_ids.extend(of_slot.map(|(entry, index)| MaskedId {
                    image,
                    entry,
                    row: image as i64 * positions + (index / slots) as i64,
                }));
            }
            let at_once = (MAX_SCORES / backbone.slots.codes(slot)).max(1) as usize;
            for chunk in masked_ids.chunks(at_once) {
                let rows: Vec<i64> = chunk.iter().map(|masked| masked.row).collect();
                let rows = states.index_select(1, &Tensor::from_slice(&rows).to_device(backbone.device));
                let scores = guidance.mix(&backbone.heads.score(&backbone.slots, slot, &rows)).squeeze_dim(0); // [n, V]
                let numbers: Vec<f64> = chunk.iter().map(|masked| uniform[masked.image][masked.entry]).collect();
                let sampled = config.sample(&scores, &numbers);
                let tokens: Vec<i64> = sampled.iter().map(|sampled| sampled.token).collect();
                let tokens = Tensor::from_slice(&tokens).to_device(backbone.device);
                let model = f64_values(&gather_log_probabilities(&scores, &tokens));
                for ((masked, sampled), model_log_probability) in chunk.iter().zip(sampled).zip(model) {
                    draws[masked.image][masked.entry] = Draw { sampled, model_log_probability };
                }
            }
        }
        draws
    }
}

/// A masked id of a batch.
struct MaskedId {
    image: usize,
    /// Into the [`Canvas::masked`] of the image.
    entry: usize,
    /// Of the states of all images' positions.
    row: i64,
}

impl Canvas {
    /// Keeps the most confident of the drawn ids; `done` is the share of the rounds that are done, this one included.
    fn keep(&mut self, draws: &[Draw], rounds: &RoundsConfig, done: f64, id: impl Fn(usize, i64) -> i64) {
        let noise = rounds.choice_temperature * (1.0 - done);
        let stream = &mut self.stream;
        let mut candidates: Vec<Candidate> = self
            .masked
            .iter()
            .zip(draws)
            .map(|(index, Draw { sampled, model_log_probability })| {
                // `1 - unit` lies in `(0, 1]`, so the inner logarithm is finite.
                let gumbel = -(-(1.0 - stream.unit()).ln()).ln();
                Candidate {
                    index: *index,
                    id: id(*index, sampled.token),
                    log_probability: sampled.log_probability,
                    confidence: model_log_probability + noise * gumbel,
                }
            })
            .collect();
        candidates.sort_by(|a, b| b.confidence.total_cmp(&a.confidence).then(a.index.cmp(&b.index)));
        // Each round keeps at least one id, and the last keeps all.
        let remaining = if done >= 1.0 { 0 } else { (self.initially_masked as f64 * masked_share(done)) as usize };
        let kept = candidates.len().saturating_sub(remaining).max(1).min(candidates.len());
        for candidate in &candidates[..kept] {
            self.ids[candidate.index] = candidate.id;
            self.log_probability += candidate.log_probability;
        }
        self.masked = candidates[kept..].iter().map(|candidate| candidate.index).collect();
        self.masked.sort_unstable();
    }
}
