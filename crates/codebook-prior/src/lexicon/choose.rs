use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::{Lexicon, LexiconEntry, LexiconPair};

/// Which words of a lexicon are kept, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LexiconChoice {
    /// The least count of an adjective.
    pub adjective_count: u64,
    /// The least count of a noun.
    pub noun_count: u64,
    /// The order of each part.
    pub order: LexiconOrder,
}

/// The order of words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LexiconOrder {
    /// As the captions have them first.
    #[default]
    FirstSeen,
    /// By falling count; equal counts by alphabet.
    Frequency,
}

impl Default for LexiconChoice {
    /// The paper's: words with a count above 10, as first seen (VQCT section 4.1).
    fn default() -> Self {
        Self { adjective_count: 11, noun_count: 11, order: LexiconOrder::FirstSeen }
    }
}

impl Lexicon {
    /// The words that the choice keeps, in its order, with the pairs among them.
    ///
    /// `self` is in order of first appearance when it comes from a [`LexiconBuilder`](crate::LexiconBuilder); a choice
    /// by frequency forgets that order.
    pub fn choose(&self, choice: &LexiconChoice) -> Self {
        let often =
            |entries: &[LexiconEntry], least: u64| ranked(entries, |at| entries[at].count >= least, choice.order);
        self.select(&often(&self.adjectives, choice.adjective_count), &often(&self.nouns, choice.noun_count))
    }

    /// The words at these places, in this order, with the pairs among them.
    pub(crate) fn select(&self, adjectives: &[usize], nouns: &[usize]) -> Self {
        let adjective_places = places(adjectives, self.adjectives.len());
        let noun_places = places(nouns, self.nouns.len());
        let pair = |pair: &LexiconPair| {
            let adjective = (*adjective_places.get(pair.adjective as usize)?)?;
            let noun = (*noun_places.get(pair.noun as usize)?)?;
            Some(LexiconPair { adjective, noun, weight: pair.weight })
        };
        let mut pairs: Vec<_> = self.pairs.iter().filter_map(pair).collect();
        pairs.sort_unstable_by_key(|pair| (pair.adjective, pair.noun));
        let entries = |from: &[LexiconEntry], kept: &[usize]| kept.iter().map(|at| from[*at].clone()).collect();
        Self { adjectives: entries(&self.adjectives, adjectives), nouns: entries(&self.nouns, nouns), pairs }
    }
}

/// The places of the words to keep, in an order.
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

/// Where each old place went.
fn places(kept: &[usize], len: usize) -> Vec<Option<u32>> {
    let mut places = vec![None; len];
    for (new, old) in (0..).zip(kept) {
        places[*old] = Some(new);
    }
    places
}
