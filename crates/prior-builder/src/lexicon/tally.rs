//! Counts of captions.

use std::collections::HashMap;

use super::counts::{Lexicon, LexiconEntry, LexiconPair};

/// Counts of some captions, words in order of first occurrence.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) adjectives: Words,
    pub(super) nouns: Words,
    pairs: HashMap<Pair, u64>,
}

/// Indices into the lists of a tally.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Pair {
    adjective: u32,
    noun: u32,
}

/// Words with their counts and indices.
#[derive(Debug, Default)]
pub(super) struct Words {
    entries: Vec<LexiconEntry>,
    indices: HashMap<String, u32>,
}

impl Words {
    /// Adds to the count of a word; returns its index.
    pub(super) fn add(&mut self, text: &str, count: u64) -> u32 {
        if let Some(index) = self.indices.get(text) {
            self.entries[*index as usize].count += count;
            return *index;
        }
        let index = self.entries.len() as u32;
        self.entries.push(LexiconEntry { text: text.to_owned(), count });
        self.indices.insert(text.to_owned(), index);
        index
    }
}

impl Tally {
    pub(super) fn pair(&mut self, adjective: u32, noun: u32) {
        *self.pairs.entry(Pair { adjective, noun }).or_default() += 1;
    }

    /// Adds the counts of the captions after these, `times` times.
    pub(super) fn append(&mut self, next: Self, times: u64) {
        let merge = |words: &mut Words, next: Words| -> Vec<u32> {
            next.entries.iter().map(|entry| words.add(&entry.text, entry.count * times)).collect()
        };
        let adjectives = merge(&mut self.adjectives, next.adjectives);
        let nouns = merge(&mut self.nouns, next.nouns);
        for (pair, weight) in next.pairs {
            let pair = Pair { adjective: adjectives[pair.adjective as usize], noun: nouns[pair.noun as usize] };
            *self.pairs.entry(pair).or_default() += weight * times;
        }
    }

    pub(super) fn finish(self) -> Lexicon {
        let pair = |(Pair { adjective, noun }, weight)| LexiconPair { adjective, noun, weight };
        let mut pairs: Vec<_> = self.pairs.into_iter().map(pair).collect();
        pairs.sort_unstable_by_key(|pair| (pair.adjective, pair.noun));
        Lexicon { adjectives: self.adjectives.entries, nouns: self.nouns.entries, pairs }
    }
}
