//! CIDEr-D: runs of words, weighted by their rarity.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::word_runs::{check_references, word_runs};
use crate::EvalError;

/// Longest run of words.
const LONGEST: usize = 4;
/// Standard deviation of the length penalty, in words.
const SIGMA: f64 = 6.0;

/// CIDEr-D (Vedantam et al. 2015; the variant with clipping and a length penalty), equal to pycocoevalcap's `Cider`: the
/// mean over captions, in `0..=10`.
///
/// For each `n` of 1 to 4, a caption is a vector over runs of `n` words: the count of the run times
/// `ln(images / images whose references contain the run)`.
/// The score of a caption is ten times the mean, over `n` and over its references, of the cosine with the reference's
/// vector, times `exp(-d^2 / (2 * 6^2))` for the difference in length `d`.
/// In the cosine, no run weighs more than in the reference.
/// As in pycocoevalcap, length is counted in pairs of words, so one word and no word have the same length.
///
/// With [`DocumentFrequencies::OfReferences`], the score of a caption depends on the other images of the set; a set of
/// one image scores 0, because all runs are equally rare.
/// The accumulator holds all captions and references.
/// Sums run in a fixed order, so the same set in the same order gives the same bits.
#[derive(Debug, Default, Clone)]
pub struct CiderD {
    frequencies: DocumentFrequencies,
    samples: Vec<Sample>,
}

/// Source of the rarity of a run of words in [`CiderD`].
#[derive(Debug, Default, Clone)]
pub enum DocumentFrequencies {
    /// The references of the scored set, one document per image.
    #[default]
    OfReferences,
    /// A table, for instance of a training set; it makes scores of small sets comparable.
    Table(FrequencyTable),
}

/// For each run of words, the number of images whose references contain it.
#[derive(Debug, Clone, PartialEq)]
pub struct FrequencyTable {
    documents: u64,
    counts: HashMap<Vec<String>, u64>,
}

#[derive(Debug, Clone)]
struct Sample {
    caption: Vec<String>,
    references: Vec<Vec<String>>,
}

impl FrequencyTable {
    /// A table over a number of images, with counts of runs of one to four words. A missing run counts as that of one image.
    ///
    /// # Errors
    /// [`EvalError::Input`] if there is no image, or a count exceeds the number of images.
    pub fn new(documents: u64, counts: HashMap<Vec<String>, u64>) -> Result<Self, EvalError> {
        let refuse = |got: String| {
            let expected = format!("counts of at most {documents} images, of which there is one or more");
            Err(EvalError::input("FrequencyTable::new", expected, got))
        };
        if documents == 0 {
            return refuse("no image".to_owned());
        }
        if let Some((run, count)) = counts.iter().find(|&(_, &count)| count > documents) {
            return refuse(format!("{count} for `{}`", run.join(" ")));
        }
        Ok(Self { documents, counts })
    }

    /// Counts the references of a set: one item per image, with all its references.
    ///
    /// # Errors
    /// [`EvalError::Input`] if there is no image.
    pub fn count<'a>(images: impl IntoIterator<Item = &'a [Vec<String>]>) -> Result<Self, EvalError> {
        let images: Vec<_> = images.into_iter().collect();
        let counts = count_documents(images.iter().copied());
        Self::new(images.len() as u64, counts.into_iter().map(|(run, count)| (run.to_vec(), count)).collect())
    }
}

impl CiderD {
    /// An empty accumulator with these frequencies.
    pub fn new(frequencies: DocumentFrequencies) -> Self {
        Self { frequencies, samples: Vec::new() }
    }

    /// Adds an image: its caption and its references.
    ///
    /// # Errors
    /// [`EvalError::NoReference`] if there are no references.
    pub fn update(&mut self, caption: &[String], references: &[Vec<String>]) -> Result<(), EvalError> {
        check_references("CiderD::update", references)?;
        self.samples.push(Sample { caption: caption.to_vec(), references: references.to_vec() });
        Ok(())
    }

    /// Adds another accumulator; its frequencies are ignored.
    pub fn merge(&mut self, other: &Self) {
        self.samples.extend(other.samples.iter().cloned());
    }

    /// The mean so far; none before the first caption.
    pub fn compute(&self) -> Option<f64> {
        let scores = self.scores();
        (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64)
    }

    /// The score of each caption, in the order of updates.
    pub fn scores(&self) -> Vec<f64> {
        let rarity = match &self.frequencies {
            DocumentFrequencies::OfReferences => {
                let counts = count_documents(self.samples.iter().map(|sample| &sample.references[..]));
                Rarity { documents: self.samples.len() as u64, counts: Counts::Set(counts) }
            }
            DocumentFrequencies::Table(table) => {
                Rarity { documents: table.documents, counts: Counts::Table(&table.counts) }
            }
        };
        self.samples.iter().map(|sample| sample.score(&rarity)).collect()
    }
}

/// Weights of runs of words.
struct Rarity<'a> {
    documents: u64,
    counts: Counts<'a>,
}

enum Counts<'a> {
    Set(HashMap<&'a [String], u64>),
    Table(&'a HashMap<Vec<String>, u64>),
}

impl Rarity<'_> {
    fn of(&self, run: &[String]) -> f64 {
        let count = match &self.counts {
            Counts::Set(counts) => counts.get(run),
            Counts::Table(counts) => counts.get(run),
        };
        (self.documents as f64).ln() - (count.copied().unwrap_or(0).max(1) as f64).ln()
    }
}

impl Sample {
    fn score(&self, rarity: &Rarity<'_>) -> f64 {
        let caption = Weighted::of(&self.caption, rarity);
        let similarities = self.references.iter().map(|reference| caption.similarity(&Weighted::of(reference, rarity)));
        10.0 * similarities.sum::<f64>() / self.references.len() as f64
    }
}

/// The vectors of a sentence.
struct Weighted<'a> {
    runs: [BTreeMap<&'a [String], f64>; LONGEST],
    norms: [f64; LONGEST],
    pairs: usize,
}

impl<'a> Weighted<'a> {
    fn of(words: &'a [String], rarity: &Rarity<'_>) -> Self {
        let runs = std::array::from_fn(|n| {
            let mut counts: BTreeMap<&[String], f64> = BTreeMap::new();
            for run in word_runs(words, n + 1) {
                *counts.entry(run).or_default() += 1.0;
            }
            counts.iter_mut().for_each(|(run, weight)| *weight *= rarity.of(run));
            counts
        });
        let norms = std::array::from_fn(|n| {
            let runs: &BTreeMap<&[String], f64> = &runs[n];
            runs.values().map(|weight| weight * weight).sum::<f64>().sqrt()
        });
        Self { runs, norms, pairs: words.len().saturating_sub(1) }
    }

    /// Mean over `n` of the clipped cosine, times the length penalty.
    fn similarity(&self, reference: &Self) -> f64 {
        let difference = self.pairs.abs_diff(reference.pairs) as f64;
        let penalty = (-difference * difference / (2.0 * SIGMA * SIGMA)).exp();
        let cosines = (0..LONGEST).map(|n| {
            let theirs = |run| reference.runs[n].get(run).copied().unwrap_or(0.0);
            let shared: f64 = self.runs[n].iter().map(|(run, &weight)| weight.min(theirs(run)) * theirs(run)).sum();
            let norms = self.norms[n] * reference.norms[n];
            if norms == 0.0 { 0.0 } else { shared / norms }
        });
        cosines.sum::<f64>() / LONGEST as f64 * penalty
    }
}

fn count_documents<'a>(images: impl Iterator<Item = &'a [Vec<String>]>) -> HashMap<&'a [String], u64> {
    let mut counts = HashMap::new();
    for references in images {
        let runs: HashSet<&[String]> =
            references.iter().flat_map(|reference| (1..=LONGEST).flat_map(|n| word_runs(reference, n))).collect();
        for run in runs {
            *counts.entry(run).or_default() += 1;
        }
    }
    counts
}
