//! The possible tags of the words of a sentence.

use crate::text::Tag;

/// The candidates of all words of a sentence.
#[derive(Debug, Default)]
pub(super) struct Lattice {
    /// Candidates of word `n`: `candidates[ends[n - 1]..ends[n]]`.
    pub(super) candidates: Vec<TagCandidate>,
    pub(super) ends: Vec<usize>,
}

/// A tag that a word may have.
#[derive(Debug, Clone, Copy)]
pub struct TagCandidate {
    /// The tag.
    pub tag: Tag,
    /// The share of the word's occurrences that have the tag, not normalized; above 0.
    pub weight: f32,
    /// Score of the best path that ends here.
    pub(super) score: f32,
    /// The candidate before this one on that path.
    pub(super) from: usize,
}

impl Lattice {
    /// Adds weight to a tag of the current word.
    pub(super) fn add(&mut self, tag: Tag, weight: f32) {
        let start = self.ends.last().copied().unwrap_or(0);
        match self.candidates[start..].iter_mut().find(|candidate| candidate.tag == tag) {
            Some(candidate) => candidate.weight += weight,
            None => self.candidates.push(TagCandidate { tag, weight, score: 0.0, from: 0 }),
        }
    }

    /// The candidates of the current word.
    pub(super) fn current(&mut self) -> &mut [TagCandidate] {
        let start = self.ends.last().copied().unwrap_or(0);
        &mut self.candidates[start..]
    }

    /// The candidates of a finished word.
    pub(super) fn word(&self, at: usize) -> &[TagCandidate] {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.candidates[start..self.ends[at]]
    }

    /// Normalizes the weights of the current word and starts the next one; a word without a candidate becomes a noun.
    pub(super) fn end_word(&mut self) {
        if self.current().is_empty() {
            self.add(Tag::Noun, 1.0);
        }
        let sum: f32 = self.current().iter().map(|candidate| candidate.weight).sum();
        self.current().iter_mut().for_each(|candidate| candidate.weight /= sum);
        self.ends.push(self.candidates.len());
    }
}
