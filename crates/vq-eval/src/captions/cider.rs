//! CIDEr-D: runs of words, weighted by how rare they are.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{check_references, grams};
use crate::EvalError;

/// Longest run of words that counts.
const LONGEST: usize = 4;
/// Of the penalty on a difference in length, in words.
const SIGMA: f64 = 6.0;

/// CIDEr-D (Vedantam et al. 2015; the variant with clipping and a penalty on length), equal to pycocoevalcap's `Cider`: the mean over captions, in
/// `0..=10`.
///
/// A caption is a vector for each `n` of 1 to 4: how often it has a run of `n` words, times the logarithm of the number
/// of images by the number of those whose references have that run.
/// A caption's score is ten times the mean, over `n` and over its references, of the cosine to the reference's vector,
/// where no run counts for more than in the reference, times `exp(-d^2 / (2 * 6^2))` with `d` the difference in length.
/// As in pycocoevalcap, length is counted in pairs of words, so that one word and none are of one length.
///
/// With [`DocumentFrequencies::OfReferences`] a caption's score depends on the other images of the set; a set of one
/// image has 0, for no run is rarer than another.
/// Captions and references are kept until the end; sums run in a fixed order, so that the same set, in the same order,
/// gives the same bits.
#[derive(Debug, Default, Clone)]
pub struct CiderD {
    frequencies: DocumentFrequencies,
    samples: Vec<Sample>,
}

/// Where [`CiderD`] has from how rare a run of words is.
#[derive(Debug, Default, Clone)]
pub enum DocumentFrequencies {
    /// From the references of the set that is scored, one document per image.
    #[default]
    OfReferences,
    /// From a table, as of a training set; scores of small sets are then comparable.
    Table(FrequencyTable),
}

/// How many images' references have a run of words.
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
    /// A table over so many images; `counts` of runs of one to four words; a run that is not there counts as one image's.
    ///
    /// # Errors
    /// [`EvalError::Frequencies`] without any image, or with a run that more images have than there are.
    pub fn new(documents: u64, counts: HashMap<Vec<String>, u64>) -> Result<Self, EvalError> {
        let refuse = |got| Err(EvalError::Frequencies { documents, got });
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
    /// [`EvalError::Frequencies`] without any image.
    pub fn count<'a>(images: impl IntoIterator<Item = &'a [Vec<String>]>) -> Result<Self, EvalError> {
        let images: Vec<_> = images.into_iter().collect();
        let counts = count_documents(images.iter().copied());
        Self::new(images.len() as u64, counts.into_iter().map(|(run, count)| (run.to_vec(), count)).collect())
    }
}

impl CiderD {
    /// An empty set, scored with these frequencies.
    pub fn new(frequencies: DocumentFrequencies) -> Self {
        Self { frequencies, samples: Vec::new() }
    }

    /// Adds an image: its caption and its references.
    ///
    /// # Errors
    /// [`EvalError::NoReference`] if there is none.
    pub fn update(&mut self, caption: &[String], references: &[Vec<String>]) -> Result<(), EvalError> {
        check_references("CiderD::update", references)?;
        self.samples.push(Sample { caption: caption.to_vec(), references: references.to_vec() });
        Ok(())
    }

    /// Adds the images that another has seen; its frequencies do not count.
    pub fn merge(&mut self, other: &Self) {
        self.samples.extend(other.samples.iter().cloned());
    }

    /// The mean so far, or nothing before the first caption.
    pub fn compute(&self) -> Option<f64> {
        let scores = self.scores();
        (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64)
    }

    /// The score of each caption, in the order of their updates.
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

/// The weight of a run of words.
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
        let likeness = self.references.iter().map(|reference| caption.likeness(&Weighted::of(reference, rarity)));
        10.0 * likeness.sum::<f64>() / self.references.len() as f64
    }
}

/// A sentence's vectors.
struct Weighted<'a> {
    runs: [BTreeMap<&'a [String], f64>; LONGEST],
    norms: [f64; LONGEST],
    pairs: usize,
}

impl<'a> Weighted<'a> {
    fn of(words: &'a [String], rarity: &Rarity<'_>) -> Self {
        let runs = std::array::from_fn(|n| {
            let mut counts: BTreeMap<&[String], f64> = BTreeMap::new();
            for run in grams(words, n + 1) {
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

    /// Mean over `n` of the clipped cosine, times the penalty.
    fn likeness(&self, reference: &Self) -> f64 {
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
            references.iter().flat_map(|reference| (1..=LONGEST).flat_map(|n| grams(reference, n))).collect();
        for run in runs {
            *counts.entry(run).or_default() += 1;
        }
    }
    counts
}
