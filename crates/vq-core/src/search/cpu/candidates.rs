//! The codes of a row that a filter cannot exclude.

use crate::search::query::MAX_NEIGHBORS;

/// Largest number of candidates of a row. A row with more is searched again with a more precise filter.
const CAPACITY: usize = 64;

/// The codes of one row whose true score may be among the `k` lowest.
///
/// A filter computes each score up to a margin. The `k`-th lowest upper bound so far is an upper bound of the true
/// `k`-th score, so a code with a lower bound above it is excluded for good. All other codes are kept here; the true
/// `k` nearest are always among them.
pub(super) struct Candidates {
    /// The lowest upper bounds, sorted. The first `k` are in use.
    upper: [f32; MAX_NEIGHBORS],
    /// Lower bounds and ids.
    kept: [Candidate; CAPACITY],
    len: usize,
    undecided: bool,
}

#[derive(Clone, Copy)]
struct Candidate {
    lower: f32,
    id: u32,
}

impl Candidates {
    pub(super) fn new() -> Self {
        let none = Candidate { lower: 0.0, id: 0 };
        Self { upper: [f32::MAX; MAX_NEIGHBORS], kept: [none; CAPACITY], len: 0, undecided: false }
    }

    /// An upper bound of the `k`-th lowest true score; minus infinity for an undecided row.
    pub(super) fn bound(&self, k: usize) -> f32 {
        if self.undecided { f32::NEG_INFINITY } else { self.upper[k - 1] }
    }

    /// Adds a code with the computed `score`, whose error is at most `margin`.
    pub(super) fn push(&mut self, k: usize, id: u32, score: f32, margin: f32) {
        let (lower, upper) = (score - margin, score + margin);
        if !(lower.is_finite() && upper.is_finite()) {
            return self.mark_undecided();
        }
        if lower > self.upper[k - 1] {
            return;
        }
        if upper < self.upper[k - 1] {
            let rank = self.upper[..k].partition_point(|&other| other <= upper);
            self.upper.copy_within(rank..k - 1, rank + 1);
            self.upper[rank] = upper;
        }
        if self.len == CAPACITY {
            self.drop_excluded(k);
        }
        if self.len == CAPACITY {
            return self.mark_undecided();
        }
        self.kept[self.len] = Candidate { lower, id };
        self.len += 1;
    }

    /// Marks the row as one that this filter cannot decide.
    pub(super) fn mark_undecided(&mut self) {
        self.undecided = true;
    }

    /// The ids of the candidates; `None` for an undecided row.
    pub(super) fn ids(&mut self, k: usize) -> Option<impl Iterator<Item = u32>> {
        self.drop_excluded(k);
        let kept = &self.kept[..self.len];
        (!self.undecided).then(|| kept.iter().map(|candidate| candidate.id))
    }

    fn drop_excluded(&mut self, k: usize) {
        let bound = self.upper[k - 1];
        let mut left = 0;
        for index in 0..self.len {
            if self.kept[index].lower <= bound {
                self.kept[left] = self.kept[index];
                left += 1;
            }
        }
        self.len = left;
    }
}
