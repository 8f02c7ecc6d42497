//! METEOR: words that two captions share, in any form, and in what order.

use rust_stemmers::{Algorithm, Stemmer};
use serde::{Deserialize, Serialize};

use super::alignment::{Candidate, Stage, align};
use super::check_references;
use super::synonyms::Synonyms;
use crate::EvalError;

/// The parameters of [`Meteor`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MeteorConfig {
    /// How much recall weighs against precision in their harmonic mean; 0.9 by default.
    pub alpha: f64,
    /// How the penalty grows with the share of runs; 3 by default.
    pub beta: f64,
    /// The largest penalty; 0.5 by default.
    pub gamma: f64,
}

/// Those of Banerjee and Lavie (2005).
impl Default for MeteorConfig {
    fn default() -> Self {
        Self { alpha: 0.9, beta: 3.0, gamma: 0.5 }
    }
}

impl MeteorConfig {
    /// Those of version 1.5 for English (Denkowski and Lavie 2014), as far as this formula has them: without
    /// weights of stages and of function words.
    pub const V1_5: Self = Self { alpha: 0.85, beta: 0.2, gamma: 0.6 };

    /// # Errors
    /// [`EvalError::Meteor`] naming the key, if `alpha` or `gamma` is outside `0..=1`, or `beta` below 0.
    pub fn check(&self) -> Result<(), EvalError> {
        let ranges = [("alpha", self.alpha, 1.0), ("beta", self.beta, f64::MAX), ("gamma", self.gamma, 1.0)];
        match ranges.into_iter().find(|(_, value, most)| !(0.0..=*most).contains(value)) {
            Some((key, got, most)) => {
                let expected = if most == 1.0 { "0 to 1" } else { "0 or more" };
                Err(EvalError::Meteor { key, expected, got })
            }
            None => Ok(()),
        }
    }
}

/// METEOR (Banerjee and Lavie 2005) of a set: the mean over captions of the best score against any reference, in `0..=1`.
///
/// Two words match if they are equal, else if their stems are (Snowball's for English), else if a set of synonyms has
/// both. Of all alignments, those of most equal pairs count, of these those of most pairs by stem, of these those of
/// most synonyms, and of these one in the fewest runs of neighbours; the search is exact but for captions in which a
/// word repeats very often (more than 1,024 partial alignments).
/// With `m` pairs in `c` runs, precision `P = m / |caption|` and recall `R = m / |reference|`, the score is
/// `P R / (alpha P + (1 - alpha) R) (1 - gamma (c / m)^beta)`; no pair gives 0.
///
/// This is the formula of 2005, with one weight for all pairs. The authors' program of version 1.5, which pycocoevalcap
/// runs, also weighs stages and function words and knows paraphrases: its figures are not comparable with these.
/// NLTK's `meteor_score` has the same formula and takes the last free place for each word, so it may count more runs
/// where words repeat.
#[derive(Debug, Clone, Default)]
pub struct Meteor {
    config: MeteorConfig,
    synonyms: Synonyms,
    sum: f64,
    captions: u64,
}

impl Meteor {
    /// A score of no caption; without synonyms, that stage matches nothing.
    ///
    /// # Errors
    /// As [`MeteorConfig::check`].
    pub fn new(config: MeteorConfig, synonyms: Synonyms) -> Result<Self, EvalError> {
        config.check()?;
        Ok(Self { config, synonyms, sum: 0.0, captions: 0 })
    }

    /// Adds a caption and its references, and gives its score.
    ///
    /// # Errors
    /// [`EvalError::NoReference`] if there is none.
    pub fn update(&mut self, caption: &[String], references: &[Vec<String>]) -> Result<f64, EvalError> {
        check_references("Meteor::update", references)?;
        let score = references.iter().map(|reference| self.score(caption, reference)).fold(0.0, f64::max);
        self.sum += score;
        self.captions += 1;
        Ok(score)
    }

    /// Adds what another has seen; its parameters and synonyms do not count.
    pub fn merge(&mut self, other: &Self) {
        self.sum += other.sum;
        self.captions += other.captions;
    }

    /// The mean over all captions so far, or nothing before the first.
    pub fn compute(&self) -> Option<f64> {
        (self.captions > 0).then(|| self.sum / self.captions as f64)
    }

    fn score(&self, caption: &[String], reference: &[String]) -> f64 {
        let alignment = align(&self.candidates(caption, reference));
        if alignment.pairs() == 0 {
            return 0.0;
        }
        let MeteorConfig { alpha, beta, gamma } = self.config;
        let pairs = alignment.pairs() as f64;
        let (precision, recall) = (pairs / caption.len() as f64, pairs / reference.len() as f64);
        let mean = precision * recall / (alpha * precision + (1.0 - alpha) * recall);
        mean * (1.0 - gamma * (alignment.runs() as f64 / pairs).powf(beta))
    }

    /// For each word of the caption, the places of the reference that it matches.
    fn candidates(&self, caption: &[String], reference: &[String]) -> Vec<Vec<Candidate>> {
        let stemmer = Stemmer::create(Algorithm::English);
        let stems: Vec<_> = reference.iter().map(|word| stemmer.stem(word)).collect();
        let of_word = |word: &String| {
            let stem = stemmer.stem(word);
            let stage = |place: usize| match &reference[place] {
                other if other == word => Some(Stage::Exact),
                _ if stems[place] == stem => Some(Stage::Stem),
                other if self.synonyms.share(word, other) => Some(Stage::Synonym),
                _ => None,
            };
            (0..reference.len()).filter_map(|place| stage(place).map(|stage| Candidate { place, stage })).collect()
        };
        caption.iter().map(of_word).collect()
    }
}
