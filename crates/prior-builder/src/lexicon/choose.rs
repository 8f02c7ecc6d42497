//! Selects words of a lexicon.

use std::cmp::Reverse;

use codebook_prior::LexiconOrder;
use serde::{Deserialize, Serialize};

use super::counts::{Lexicon, LexiconEntry, LexiconPair};

/// Which words of a lexicon are kept, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LexiconChoice {
    /// The minimum count of an adjective.
    pub adjective_count: u64,
    /// The minimum count of a noun.
    pub noun_count: u64,
    /// The order of the words of each part of speech.
    pub order: LexiconOrder,
}

impl Default for LexiconChoice {
    /// The paper's choice: counts above 10, in order of first occurrence (VQCT section 4.1).
    fn default() -> Self {
        Self { adjective_count: 11, noun_count: 11, order: LexiconOrder::FirstSeen }
    }
}

impl Lexicon {
    /// The chosen words in the chosen order, with the pairs between them.
    ///
    /// [`LexiconOrder::FirstSeen`] keeps the order of `self`, which is that of first occurrence if a
    /// [`LexiconBuilder`](crate::LexiconBuilder) made it.
    pub fn choose(&self, choice: &LexiconChoice) -> Self {
        let frequent = |entries: &[LexiconEntry], min_count: u64| {
            ranked(entries, |at| entries[at].count >= min_count, choice.order)
        };
        self.select(&frequent(&self.adjectives, choice.adjective_count), &frequent(&self.nouns, choice.noun_count))
    }

    /// The words at these indices, in this order, with the pairs between them.
    pub(crate) fn select(&self, adjectives: &[usize], nouns: &[usize]) -> Self {
        let new_adjectives = new_indices(adjectives, self.adjectives.len());
        let new_nouns = new_indices(nouns, self.nouns.len());
        let pair = |pair: &LexiconPair| {
            let adjective = (*new_adjectives.get(pair.adjective as usize)?)?;
            let noun = (*new_nouns.get(pair.noun as usize)?)?;
            Some(LexiconPair { adjective, noun, weight: pair.weight })
        };
        let mut pairs: Vec<_> = self.pairs.iter().filter_map(pair).collect();
        pairs.sort_unstable_by_key(|pair| (pair.adjective, pair.noun));
        let entries = |from: &[LexiconEntry], kept: &[usize]| kept.iter().map(|at| from[*at].clone()).collect();
        Self { adjectives: entries(&self.adjectives, adjectives), nouns: entries(&self.nouns, nouns), pairs }
    }
}

/// The indices of the words to keep, in the given order.
pub(crate) fn ranked(entries: &[LexiconEntry], keep: impl Fn(usize) -> bool, order: LexiconOrder) -> Vec<usize> {
    let mut kept: Vec<_> = (0..entries.len()).filter(|at| keep(*at)).collect();
    if order == LexiconOrder::Frequency {
        kept.sort_by(|a, b| {
            let key = |at: &usize| (Reverse(entries[*at].count), entries[*at].text.as_str());
            key(a).cmp(&key(b))
        });
    }
    kept
}

/// The new index of each old one.
fn new_indices(kept: &[usize], len: usize) -> Vec<Option<u32>> {
    let mut indices = vec![None; len];
    for (new, old) in (0..).zip(kept) {
        indices[*old] = Some(new);
    }
    indices
}
