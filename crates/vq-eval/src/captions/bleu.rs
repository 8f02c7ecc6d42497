//! BLEU: shares of word runs that occur in references.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::word_runs::{check_references, word_runs};
use crate::EvalError;

/// Longest run of words.
const LONGEST: usize = 4;
/// Terms that keep pycocoevalcap's quotients finite: in denominators and in numerators.
const SMALL: f64 = 1e-9;
const TINY: f64 = 1e-15;

/// BLEU-1 to BLEU-4 of a set (Papineni et al. 2002), equal to pycocoevalcap's `Bleu`.
///
/// For `n` of 1 to 4, `p_n` is the share of the captions' runs of `n` words that occur in a reference.
/// A run counts at most as often as in the reference that has it most often (section 2.1.1).
/// BLEU-`n` is the geometric mean of `p_1..p_n`, times `exp(1 - r / c)` if the length `c` of the captions is below the
/// length `r` of the references (section 2.3).
/// Of several references, the one closest in length counts, and of two equally close ones the shorter.
/// Counts are summed over the set before the division, so the value of a set is not a mean over captions.
///
/// As in pycocoevalcap, denominators get 1e-9 and numerators 1e-15 added.
/// A set whose captions all have fewer than `n` words therefore scores nearly 0 in BLEU-`n`, even if they equal their
/// references.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Bleu {
    captions: u64,
    length: u64,
    reference_length: u64,
    runs: [u64; LONGEST],
    found: [u64; LONGEST],
}

/// Result of [`Bleu::compute`], each in `0..=1`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BleuScores {
    /// BLEU-1: runs of one word.
    pub bleu1: f64,
    /// BLEU-2: runs of up to two words.
    pub bleu2: f64,
    /// BLEU-3: runs of up to three words.
    pub bleu3: f64,
    /// BLEU-4, the usual BLEU: runs of up to four words.
    pub bleu4: f64,
}

impl Bleu {
    /// Adds a caption and its references.
    ///
    /// # Errors
    /// [`EvalError::NoReference`] if there are no references.
    pub fn update(&mut self, caption: &[String], references: &[Vec<String>]) -> Result<(), EvalError> {
        check_references("Bleu::update", references)?;
        let closest = references.iter().map(Vec::len).min_by_key(|&length| (length.abs_diff(caption.len()), length));
        self.captions += 1;
        self.length += caption.len() as u64;
        self.reference_length += closest.unwrap_or(0) as u64;
        for n in 1..=LONGEST {
            let counts = count(caption, n);
            let references: Vec<_> = references.iter().map(|reference| count(reference, n)).collect();
            for (run, &times) in &counts {
                let most = references.iter().filter_map(|reference| reference.get(run)).max();
                self.found[n - 1] += times.min(most.copied().unwrap_or(0));
                self.runs[n - 1] += times;
            }
        }
        Ok(())
    }

    /// Adds another accumulator.
    pub fn merge(&mut self, other: &Self) {
        self.captions += other.captions;
        self.length += other.length;
        self.reference_length += other.reference_length;
        for n in 0..LONGEST {
            self.runs[n] += other.runs[n];
            self.found[n] += other.found[n];
        }
    }

    /// The scores so far; none before the first caption.
    pub fn compute(&self) -> Option<BleuScores> {
        let ratio = (self.length as f64 + TINY) / (self.reference_length as f64 + SMALL);
        let brevity = if ratio < 1.0 { (1.0 - 1.0 / ratio).exp() } else { 1.0 };
        let mut product = 1.0;
        let scores: [f64; LONGEST] = std::array::from_fn(|n| {
            product *= (self.found[n] as f64 + TINY) / (self.runs[n] as f64 + SMALL);
            product.powf(1.0 / (n + 1) as f64) * brevity
        });
        let [bleu1, bleu2, bleu3, bleu4] = scores;
        (self.captions > 0).then_some(BleuScores { bleu1, bleu2, bleu3, bleu4 })
    }
}

fn count(words: &[String], n: usize) -> HashMap<&[String], u64> {
    let mut counts = HashMap::new();
    for run in word_runs(words, n) {
        *counts.entry(run).or_default() += 1;
    }
    counts
}
