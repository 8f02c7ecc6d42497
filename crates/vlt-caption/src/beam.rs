//! Beam search.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::caption::{Caption, CaptionEnd};
use crate::config::check_option;
use crate::greedy::{integers, reals};
use crate::{CaptionError, Captioner, Memory};

/// Options of [`Captioner::beam`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BeamConfig {
    /// `R`, the captions that are followed side by side; 5 by default.
    pub beams: i64,
    /// The exponent `alpha` of the length penalty; 0.6 by default, and 0 ranks by probability alone.
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
    /// [`CaptionError::Input`] with the key of the first that makes no sense.
    pub fn check(&self) -> Result<(), CaptionError> {
        const OP: &str = "BeamConfig";
        check_option(OP, "beams", self.beams >= 1, "to be positive", self.beams)?;
        let alpha = self.length_penalty;
        check_option(OP, "length_penalty", alpha.is_finite() && alpha >= 0.0, "to be finite and 0 or more", alpha)
    }

    /// What a caption is ranked by: `log p / ((5 + steps) / 6)^alpha` (GNMT, arXiv 1609.08144, equation 14, without the
    /// coverage term).
    pub fn score(&self, caption: &Caption) -> f64 {
        self.score_of(caption.log_probability, caption.steps())
    }

    fn score_of(&self, log_probability: f64, steps: usize) -> f64 {
        log_probability / ((5.0 + steps as f64) / 6.0).powf(self.length_penalty)
    }
}

impl Captioner<'_> {
    /// The best caption of each image that a beam search finds, by [`BeamConfig::score`].
    ///
    /// An image is done once `R` captions of it have ended, or no other can become better than the best that has.
    /// A beam may lose the greedy caption on its way and end with a worse one; so with two beams or more the greedy one
    /// is decoded first and stands for choice too. With one beam, the search is greedy.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if an option makes no sense; [`CaptionError::NotFinite`] if the module's scores are no
    /// numbers.
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
        let mut cache = self.decoder.start(memory, beams)?;
        let mut last = vec![self.special.begin; (images * beams) as usize];
        // Twice as many as beams: at most one of each beam's continuations is its end.
        let candidates = (2 * beams).min(beams * tokens);
        for step in 1..=self.limit as usize {
            let next = self.next(&mut cache, &last, memory)?; // [B * R, V]
            let so_far: Vec<f64> = searches.iter().flat_map(|search| search.log_probabilities(beams)).collect();
            let totals = next + Tensor::from_slice(&so_far).to_device(device).unsqueeze(1);
            let (totals, places) = totals.view([images, beams * tokens]).topk(candidates, 1, true, true);
            let (totals, places) = (reals(&totals.reshape([-1])), integers(&places.reshape([-1])));
            let mut from = Vec::with_capacity(last.len());
            for (image, search) in searches.iter_mut().enumerate() {
                if totals[image * candidates as usize].is_nan() {
                    return Err(CaptionError::NotFinite { op: "Captioner::beam", image, got: f64::NAN });
                }
                let own = image * candidates as usize..(image + 1) * candidates as usize;
                let ranked = own.map(|at| Candidate {
                    beam: (places[at] / tokens) as usize,
                    token: places[at] % tokens,
                    log_probability: totals[at],
                });
                search.advance(ranked, beams as usize, self.special.end);
                search.judge(config, step, self.limit as usize);
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
            cache.reorder(&Tensor::from_slice(&from).to_device(device).to_kind(Kind::Int64));
        }
        Ok(())
    }
}

/// A caption that goes on.
struct Live {
    ids: Vec<i64>,
    log_probability: f64,
    /// The beam that it continues.
    parent: usize,
}

/// A continuation of a beam by a token.
struct Candidate {
    beam: usize,
    token: i64,
    log_probability: f64,
}

/// The search for one image's caption.
struct Search {
    /// The best first; none once the image is done.
    live: Vec<Live>,
    /// Captions that ended in the search.
    ended: Vec<Caption>,
    /// The greedy caption.
    greedy: Option<Caption>,
}

impl Search {
    fn new(greedy: Option<Caption>) -> Self {
        let begun = Live { ids: Vec::new(), log_probability: 0.0, parent: 0 };
        Self { live: vec![begun], ended: Vec::new(), greedy }
    }

    /// Of each beam, and that of the beams that are not in use: `[R]`.
    fn log_probabilities(&self, beams: i64) -> Vec<f64> {
        let of = |beam| self.live.get(beam).map_or(f64::NEG_INFINITY, |live: &Live| live.log_probability);
        (0..beams as usize).map(of).collect()
    }

    /// Goes on with the best candidates, which come in order; what ends among the first `beams` has ended.
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
    fn judge(&mut self, config: &BeamConfig, step: usize, limit: usize) {
        let beams = config.beams as usize;
        let finished = self.ended.iter().map(|caption| config.score(caption)).max_by(f64::total_cmp);
        // Log-probabilities only fall, and the penalty divides by most at the limit.
        let hope = self.live.first().map(|live| config.score_of(live.log_probability, limit));
        let decided = matches!((finished, hope), (Some(finished), Some(hope)) if finished >= hope);
        if self.ended.len() >= beams || decided {
            self.live.clear();
        } else if step == limit {
            let cut = self.live.drain(..).map(|Live { ids, log_probability, .. }| Caption {
                ids,
                log_probability,
                end: CaptionEnd::Cut,
            });
            self.ended.extend(cut);
        }
    }

    fn best(self, config: &BeamConfig) -> Option<Caption> {
        let all = self.ended.into_iter().chain(self.greedy);
        all.max_by(|a, b| config.score(a).total_cmp(&config.score(b)))
    }
}
