//! Beam search.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};
use vq_nn::{check_option, f64_values, i64_values};

use crate::caption::{Caption, CaptionEnd};
use crate::captioner::Captioner;
use crate::error::CaptionError;
use crate::memory::Memory;

/// Options of [`Captioner::beam`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BeamConfig {
    /// `R`, the captions that are extended side by side; 5 by default.
    pub beams: i64,
    /// The exponent `alpha` of the length penalty; 0.6 by default; 0 ranks by probability alone.
    pub length_penalty: f64,
}

impl Default for BeamConfig {
    fn default() -> Self {
        Self { beams: 5, length_penalty: 0.6 }
    }
}

impl BeamConfig {
    /// Checks every option.
    ///
    /// # Errors
    /// [`CaptionError::Input`] with the key of the first invalid option.
    pub fn check(&self) -> Result<(), CaptionError> {
        const OP: &str = "BeamConfig";
        check_option(OP, "beams", self.beams >= 1, "to be positive", self.beams)?;
        let alpha = self.length_penalty;
        check_option(OP, "length_penalty", alpha.is_finite() && alpha >= 0.0, "to be finite and 0 or more", alpha)?;
        Ok(())
    }

    /// The score that ranks captions: `log p / ((5 + steps) / 6)^alpha` (GNMT, arXiv 1609.08144, equation 14, without the
    /// coverage term).
    pub fn score(&self, caption: &Caption) -> f64 {
        self.score_of(caption.log_probability, caption.steps())
    }

    fn score_of(&self, log_probability: f64, steps: usize) -> f64 {
        log_probability / ((5.0 + steps as f64) / 6.0).powf(self.length_penalty)
    }
}

impl Captioner<'_> {
    /// The best caption of each image that beam search finds, by [`BeamConfig::score`].
    ///
    /// The search of an image ends once `R` captions are complete, or once no other can score higher than the best of them.
    /// A beam search may drop the greedy caption and end with a worse one; so with two beams or more the greedy caption
    /// is decoded first and is a candidate too. With one beam, the search is greedy.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if an option is invalid; [`CaptionError::NotFinite`] if the decoder's scores are not finite.
    pub fn beam(&self, memory: &Memory, config: &BeamConfig) -> Result<Vec<Caption>, CaptionError> {
        const OP: &str = "Captioner::beam";
        config.check()?;
        tch::no_grad(|| {
            let mut searches: Vec<Search> = match config.beams {
                1 => (0..memory.states.size()[0]).map(|_| Search::new(None)).collect(),
                _ => self.greedy(memory)?.into_iter().map(|caption| Search::new(Some(caption))).collect(),
            };
            self.search(memory, config, &mut searches)?;
            let found = searches.into_iter().enumerate().map(|(image, search)| {
                let got = f64::NEG_INFINITY;
                search.best(config).ok_or(CaptionError::NotFinite { op: OP, image, got })
            });
            found.collect()
        })
    }

    fn search(&self, memory: &Memory, config: &BeamConfig, searches: &mut [Search]) -> Result<(), CaptionError> {
        let (images, beams, tokens) = (searches.len() as i64, config.beams, self.decoder.vocabulary());
        let device = memory.states.device();
        let mut cache = self.decoder.start_limited(memory, beams, self.limit)?;
        let mut last = vec![self.special.begin; (images * beams) as usize];
        // Twice the number of beams, because at most one continuation of each beam is its end.
        let candidates = (2 * beams).min(beams * tokens);
        for step in 1..=self.limit as usize {
            let next = self.next(&mut cache, &last, memory)?; // [B * R, V]
            let so_far: Vec<f64> = searches.iter().flat_map(|search| search.log_probabilities(beams)).collect();
            let totals = next + Tensor::from_slice(&so_far).to_device(device).unsqueeze(1);
            let (totals, indices) = totals.view([images, beams * tokens]).topk(candidates, 1, true, true);
            let (totals, indices) = (f64_values(&totals), i64_values(&indices));
            let mut from = Vec::with_capacity(last.len());
            for (image, search) in searches.iter_mut().enumerate() {
                if totals[image * candidates as usize].is_nan() {
                    return Err(CaptionError::NotFinite { op: "Captioner::beam", image, got: f64::NAN });
                }
                let own = image * candidates as usize..(image + 1) * candidates as usize;
                let ranked = own.map(|at| Candidate {
                    beam: (indices[at] / tokens) as usize,
                    token: indices[at] % tokens,
                    log_probability: totals[at],
                });
                search.advance(ranked, beams as usize, self.special.end);
                search.stop_if_decided(config, step, self.limit as usize);
                let first = image as i64 * beams;
                for beam in 0..beams as usize {
                    let live = search.live.get(beam);
                    from.push(first + live.map_or(0, |live| live.parent as i64));
                    last[first as usize + beam] =
                        live.and_then(|live| live.ids.last().copied()).unwrap_or(self.special.pad);
                }
            }
            if searches.iter().all(|search| search.live.is_empty()) {
                break;
            }
            cache.cache.reorder(&Tensor::from_slice(&from).to_device(device).to_kind(Kind::Int64));
        }
        Ok(())
    }
}

/// A caption that is not complete.
struct Live {
    ids: Vec<i64>,
    log_probability: f64,
    /// The beam that it extends.
    parent: usize,
}

/// A beam extended by a token.
struct Candidate {
    beam: usize,
    token: i64,
    log_probability: f64,
}

/// The search for one image's caption.
struct Search {
    /// In order of rank; empty once the search has ended.
    live: Vec<Live>,
    /// Captions that the search completed or truncated.
    ended: Vec<Caption>,
    /// The greedy caption.
    greedy: Option<Caption>,
}

impl Search {
    fn new(greedy: Option<Caption>) -> Self {
        let empty = Live { ids: Vec::new(), log_probability: 0.0, parent: 0 };
        Self { live: vec![empty], ended: Vec::new(), greedy }
    }

    /// Of each beam, `[R]`; minus infinity for unused beams.
    fn log_probabilities(&self, beams: i64) -> Vec<f64> {
        let of = |beam| self.live.get(beam).map_or(f64::NEG_INFINITY, |live: &Live| live.log_probability);
        (0..beams as usize).map(of).collect()
    }

    /// Extends the best candidates, which come in order of rank; those among the first `beams` that end are complete.
    fn advance(&mut self, ranked: impl Iterator<Item = Candidate>, beams: usize, end: i64) {
        let mut live = Vec::with_capacity(beams);
        for (rank, Candidate { beam, token, log_probability }) in ranked.enumerate() {
            if log_probability == f64::NEG_INFINITY || live.len() == beams {
                break;
            }
            let Some(parent) = self.live.get(beam) else { continue };
            let mut ids = parent.ids.clone();
            if token != end {
                ids.push(token);
                live.push(Live { ids, log_probability, parent: beam });
            } else if rank < beams {
                self.ended.push(Caption { ids, log_probability, end: CaptionEnd::Complete });
            }
        }
        self.live = live;
    }

    /// Ends the search if it is decided or at its limit, after `step` tokens.
    fn stop_if_decided(&mut self, config: &BeamConfig, step: usize, limit: usize) {
        let beams = config.beams as usize;
        let finished = self.ended.iter().map(|caption| config.score(caption)).max_by(f64::total_cmp);
        // Log-probabilities only decrease, and the length penalty is largest at the limit.
        let bound = self.live.first().map(|live| config.score_of(live.log_probability, limit));
        let decided = matches!((finished, bound), (Some(finished), Some(bound)) if finished >= bound);
        if self.ended.len() >= beams || decided {
            self.live.clear();
        } else if step == limit {
            let truncated = self.live.drain(..).map(|Live { ids, log_probability, .. }| Caption {
                ids,
                log_probability,
                end: CaptionEnd::Truncated,
            });
            self.ended.extend(truncated);
        }
    }

    fn best(self, config: &BeamConfig) -> Option<Caption> {
        let all = self.ended.into_iter().chain(self.greedy);
        all.max_by(|a, b| config.score(a).total_cmp(&config.score(b)))
    }
}
