//! Images in a few rounds.

use tch::Tensor;
use vq_core::Mode;
use vq_transformer::{Drawn, SampleConfig, Uniform, check_option};

use crate::guidance::Guidance;
use crate::loss::gather_log_probabilities;
use crate::masked::still_masked;
use crate::request::{KnownIds, known_ids, reals};
use crate::{GenerateError, GenerationConfig, Masked, Progress, RoundsConfig, SampleRequest, Sampled};

const OP: &str = "Masked::sample";

/// Scores that are held at a time.
const SCORES: i64 = 1 << 23;

/// The ids of an image while it is made.
struct Canvas {
    /// `P * S`; a mask where none is known yet.
    ids: Vec<i64>,
    /// Places of the masks in `ids`, in order.
    masked: Vec<usize>,
    /// Masks at the start.
    wanted: usize,
    uniform: Uniform,
    log_probability: f64,
}

/// What was drawn for a mask.
#[derive(Debug, Clone, Copy)]
struct Found {
    drawn: Drawn,
    /// Logarithm of the id's probability before temperature and cuts, by which the surest are chosen: cuts may leave one
    /// id, which is sure of nothing.
    belief: f64,
}

/// An id that may be kept.
struct Candidate {
    /// In [`Canvas::ids`].
    place: usize,
    id: i64,
    log_probability: f64,
    confidence: f64,
}

impl Masked {
    /// Draws images: in each round all masked ids are drawn, and the surest are kept. Positions that are given keep
    /// their ids; if all are, they are returned.
    ///
    /// # Errors
    /// [`GenerateError`] if an option, the condition or what is given does not fit, or if the scores are no numbers.
    pub fn sample(
        &self,
        request: &SampleRequest<'_>,
        config: &GenerationConfig,
        watch: &mut dyn FnMut(Progress),
    ) -> Result<Sampled, GenerateError> {
        config.check()?;
        let frame = &self.frame;
        let images = request.seeds.len();
        check_option(OP, "seeds", images >= 1, "to be 1 or more", images)?;
        let known = known_ids(OP, &frame.tokens, request.known, images as i64)?;
        frame.prefix.check(OP, request.condition, images as i64)?;
        let mut canvases: Vec<Canvas> =
            known.iter().zip(request.seeds).map(|(known, seed)| self.canvas(known, *seed)).collect();
        let rounds = config.rounds.clone().unwrap_or_default();
        tch::no_grad(|| {
            let guidance = Guidance::new(config.guidance, request.condition);
            let prefix = guidance.prefix(&frame.prefix, request.condition, images as i64);
            for round in 1..=rounds.steps {
                if canvases.iter().all(|canvas| canvas.masked.is_empty()) {
                    break;
                }
                let found = self.draw(&mut canvases, prefix.as_ref(), guidance, &config.draw);
                for (image, (canvas, found)) in canvases.iter_mut().zip(found).enumerate() {
                    let mut numbers = found.iter().map(|found| found.drawn.log_probability);
                    if let Some(got) = numbers.find(|number| !number.is_finite()) {
                        return Err(GenerateError::NotFinite { op: OP, image, got });
                    }
                    canvas.keep(&found, &rounds, round as f64 / rounds.steps as f64, |place, token| {
                        frame.slots.first(place % frame.slots.count()) + token
                    });
                }
                watch(Progress { done: round, total: rounds.steps });
            }
            Ok(())
        })?;
        let ids: Vec<i64> = canvases.iter().flat_map(|canvas| &canvas.ids).copied().collect();
        let grid = frame.tokens.grid;
        Ok(Sampled {
            ids: Tensor::from_slice(&ids).view([images as i64, grid.rows, grid.columns, frame.tokens.slots()]),
            log_probabilities: canvases.iter().map(|canvas| canvas.log_probability).collect(),
        })
    }

    fn canvas(&self, known: &KnownIds, seed: u64) -> Canvas {
        let slots = &self.frame.slots;
        let masks: Vec<i64> = (0..slots.count()).map(|slot| slots.mask(slot)).collect();
        let positions = known.positions.iter();
        let ids: Vec<i64> = positions.clone().flat_map(|ids| ids.as_ref().unwrap_or(&masks)).copied().collect();
        let count = slots.count();
        let hidden = positions.enumerate().filter(|(_, ids)| ids.is_none());
        let masked: Vec<usize> = hidden.flat_map(|(position, _)| position * count..(position + 1) * count).collect();
        Canvas { ids, wanted: masked.len(), masked, uniform: Uniform::new(seed), log_probability: 0.0 }
    }

    /// Draws all masked ids of each image, in the order of [`Canvas::masked`].
    fn draw(
        &self,
        canvases: &mut [Canvas],
        prefix: Option<&Tensor>,
        guidance: Guidance,
        draw: &SampleConfig,
    ) -> Vec<Vec<Found>> {
        let frame = &self.frame;
        let (positions, slots) = (frame.tokens.grid.positions(), frame.slots.count());
        let images = canvases.len() as i64;
        let ids: Vec<i64> = canvases.iter().flat_map(|canvas| &canvas.ids).copied().collect();
        let ids = Tensor::from_slice(&ids).view([images, positions, slots as i64]).to_device(frame.device);
        let states = self.states(&guidance.rows(&ids), prefix.map(Tensor::shallow_clone), Mode::Eval);
        let width = states.size().last().copied().unwrap_or(0);
        let states = states.reshape([-1, images * positions, width]); // [1 or 2, B * P, M]

        let uniform: Vec<Vec<f64>> =
            canvases.iter_mut().map(|canvas| canvas.masked.iter().map(|_| canvas.uniform.draw()).collect()).collect();
        let nothing = Found { drawn: Drawn { token: 0, log_probability: f64::NAN }, belief: f64::NAN };
        let mut found: Vec<Vec<Found>> = canvases.iter().map(|canvas| vec![nothing; canvas.masked.len()]).collect();
        for slot in 0..slots {
            // Image and place in its list of masks, and the row of the states.
            let mut wanted = Vec::new();
            for (image, canvas) in canvases.iter().enumerate() {
                let of_slot = canvas.masked.iter().enumerate().filter(|(_, place)| **place % slots == slot);
                wanted.extend(of_slot.map(|(entry, place)| Wanted {
                    image,
                    entry,
                    row: image as i64 * positions + (place / slots) as i64,
                }));
            }
            let at_once = (SCORES / frame.slots.codes(slot)).max(1) as usize;
            for wanted in wanted.chunks(at_once) {
                let rows: Vec<i64> = wanted.iter().map(|wanted| wanted.row).collect();
                let rows = states.index_select(1, &Tensor::from_slice(&rows).to_device(frame.device));
                let scores = guidance.mix(&frame.heads.score(&frame.slots, slot, &rows)).squeeze_dim(0); // [n, V]
                let numbers: Vec<f64> = wanted.iter().map(|wanted| uniform[wanted.image][wanted.entry]).collect();
                let drawn = draw.draw(&scores, &numbers);
                let tokens: Vec<i64> = drawn.iter().map(|drawn| drawn.token).collect();
                let beliefs = gather_log_probabilities(&scores, &Tensor::from_slice(&tokens).to_device(frame.device));
                for ((wanted, drawn), belief) in wanted.iter().zip(drawn).zip(reals(&beliefs)) {
                    found[wanted.image][wanted.entry] = Found { drawn, belief };
                }
            }
        }
        found
    }
}

struct Wanted {
    image: usize,
    entry: usize,
    row: i64,
}

impl Canvas {
    /// Keeps the surest of the ids that were drawn for the masks; `part` of the rounds are done with this one.
    fn keep(&mut self, found: &[Found], rounds: &RoundsConfig, part: f64, id: impl Fn(usize, i64) -> i64) {
        let noise = rounds.choice_temperature * (1.0 - part);
        let uniform = &mut self.uniform;
        let mut candidates: Vec<Candidate> = self
            .masked
            .iter()
            .zip(found)
            .map(|(place, Found { drawn, belief })| {
                // One less than the number is in `0..1` but for 0, of which there is no logarithm.
                let gumbel = -(-(1.0 - uniform.draw()).ln()).ln();
                Candidate {
                    place: *place,
                    id: id(*place, drawn.token),
                    log_probability: drawn.log_probability,
                    confidence: belief + noise * gumbel,
                }
            })
            .collect();
        candidates.sort_by(|a, b| b.confidence.total_cmp(&a.confidence).then(a.place.cmp(&b.place)));
        // At least one is kept in a round, and all in the last.
        let remaining = if part >= 1.0 { 0 } else { (self.wanted as f64 * still_masked(part)) as usize };
        let kept = candidates.len().saturating_sub(remaining).max(1).min(candidates.len());
        for candidate in &candidates[..kept] {
            self.ids[candidate.place] = candidate.id;
            self.log_probability += candidate.log_probability;
        }
        self.masked = candidates[kept..].iter().map(|candidate| candidate.place).collect();
        self.masked.sort_unstable();
    }
}
