//! METEOR: words that two captions share, by form, stem or meaning, and their order.

use rust_stemmers::{Algorithm, Stemmer};
use serde::{Deserialize, Serialize};

use super::alignment::{Candidate, Stage, align};
use super::synonyms::Synonyms;
use super::word_runs::check_references;
use crate::EvalError;

/// The parameters of [`Meteor`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MeteorConfig {
    /// Weight of recall against precision in their harmonic mean; 0.9 by default.
    pub alpha: f64,
    /// Exponent of the penalty's share of runs; 3 by default.
    pub beta: f64,
    /// The largest penalty; 0.5 by default.
    pub gamma: f64,
}

/// The values of Banerjee and Lavie (2005).
impl Default for MeteorConfig {
    fn default() -> Self {
        Self { alpha: 0.9, beta: 3.0, gamma: 0.5 }
    }
}

impl MeteorConfig {
    /// The values of version 1.5 for English (Denkowski and Lavie 2014) that this formula has; it lacks the weights of
    /// stages and of function words.
    pub const V1_5: Self = Self { alpha: 0.85, beta: 0.2, gamma: 0.6 };

    /// Checks the values.
    ///
    /// # Errors
    /// [`EvalError::Config`] naming the key, if `alpha` or `gamma` is outside `0..=1`, or `beta` is below 0.
    pub fn check(&self) -> Result<(), EvalError> {
        let ranges = [("alpha", self.alpha, 1.0), ("beta", self.beta, f64::MAX), ("gamma", self.gamma, 1.0)];
        match ranges.into_iter().find(|(_, value, most)| !(0.0..=*most).contains(value)) {
            Some((key, got, most)) => {
                let expected = if most == 1.0 { "0 to 1" } else { "0 or more" };
                let (expected, got) = (expected.to_owned(), got.to_string());
                Err(EvalError::Config { op: "check METEOR", key, expected, got })
            }
            None => Ok(()),
        }
    }
}

/// METEOR (Banerjee and Lavie 2005) of a set: the mean over captions of the best score against any reference, in `0..=1`.
///
/// Two words match if they are equal, if their stems are equal (Snowball's for English), or if a set of synonyms has
/// both.
/// The alignment has the most equal pairs, then the most pairs by stem, then the most synonyms, then the fewest runs of
/// neighbours.
/// The search is exact except for captions that repeat a word very often (more than 1,024 partial alignments).
/// With `m` pairs in `c` runs, precision `P = m / |caption|` and recall `R = m / |reference|`, the score is
/// `P R / (alpha P + (1 - alpha) R) (1 - gamma (c / m)^beta)`; without a pair it is 0.
///
/// This is the formula of 2005, with one weight for all pairs.
/// The authors' program of version 1.5, which pycocoevalcap runs, also weighs stages and function words and uses a table
/// of paraphrases: its figures are not comparable with these.
/// NLTK's `meteor_score` has the same formula but gives each word the last free position, so it may count more runs
/// where words repeat.
#[derive(Debug, Clone, Default)]
pub struct Meteor {
    config: MeteorConfig,
    synonyms: Synonyms,
    sum: f64,
    captions: u64,
}

impl Meteor {
    /// An empty accumulator. Empty synonyms match nothing.
    ///
    /// # Errors
    /// Those of [`MeteorConfig::check`].
    pub fn new(config: MeteorConfig, synonyms: Synonyms) -> Result<Self, EvalError> {
        config.check()?;
        Ok(Self { config, synonyms, sum: 0.0, captions: 0 })
    }

    /// Adds a caption and its references, and returns its score.
    ///
    /// # Errors
    /// [`EvalError::NoReference`] if there are no references.
    pub fn update(&mut self, caption: &[String], references: &[Vec<String>]) -> Result<f64, EvalError> {
        check_references("Meteor::update", references)?;
        let score = references.iter().map(|reference| self.score(caption, reference)).fold(0.0, f64::max);
        self.sum += score;
        self.captions += 1;
        Ok(score)
    }

    /// Adds another accumulator; its parameters and synonyms are ignored.
    pub fn merge(&mut self, other: &Self) {
        self.sum += other.sum;
        self.captions += other.captions;
    }

    /// The mean so far; none before the first caption.
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

    /// For each word of the caption, the positions of the reference that it matches.
    fn candidates(&self, caption: &[String], reference: &[String]) -> Vec<Vec<Candidate>> {
        let stemmer = Stemmer::create(Algorithm::English);
        let stems: Vec<_> = reference.iter().map(|word| stemmer.stem(word)).collect();
        let of_word = |word: &String| {
            let stem = stemmer.stem(word);
            let stage = |position: usize| match &reference[position] {
                other if other == word => Some(Stage::Exact),
                _ if stems[position] == stem => Some(Stage::Stem),
                other if self.synonyms.are_synonyms(word, other) => Some(Stage::Synonym),
                _ => None,
            };
            let candidate = |position| stage(position).map(|stage| Candidate { position, stage });
            (0..reference.len()).filter_map(candidate).collect()
        };
        caption.iter().map(of_word).collect()
    }
}
