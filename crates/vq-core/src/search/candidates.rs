//! Codes that may be among the nearest of a row.

/// Most codes that a search returns for a vector.
pub(crate) const MOST_NEAREST: usize = 16;

/// Most codes that are kept for a row; a row with more is searched again with a finer filter.
const CAPACITY: usize = 64;

/// The codes of one row whose true score may be among the `k` lowest.
///
/// A filter computes each score only up to a margin.
/// The `k`-th lowest upper bound seen so far bounds the true `k`-th score from above, so a code whose lower bound lies
/// above it is out for good; whatever is not out is kept here, and the true `k` nearest always are.
pub(super) struct Candidates {
    /// The lowest upper bounds, sorted; the first `k` count.
    upper: [f32; MOST_NEAREST],
    /// Lower bounds and ids.
    kept: [Candidate; CAPACITY],
    len: usize,
    overflowed: bool,
}

#[derive(Clone, Copy)]
struct Candidate {
    lower: f32,
    id: u32,
}

impl Candidates {
    pub(super) fn new() -> Self {
        let none = Candidate { lower: 0.0, id: 0 };
        Self { upper: [f32::MAX; MOST_NEAREST], kept: [none; CAPACITY], len: 0, overflowed: false }
    }

    /// An upper bound of the `k`-th lowest true score; minus infinity if the row gave up.
    pub(super) fn bound(&self, k: usize) -> f32 {
        if self.overflowed { f32::NEG_INFINITY } else { self.upper[k - 1] }
    }

    /// Takes a code with the computed `score`, which is off by `margin` at most.
    pub(super) fn push(&mut self, k: usize, id: u32, score: f32, margin: f32) {
        let (lower, upper) = (score - margin, score + margin);
        if !(lower.is_finite() && upper.is_finite()) {
            return self.give_up();
        }
        if lower > self.upper[k - 1] {
            return;
        }
        if upper < self.upper[k - 1] {
            let place = self.upper[..k].partition_point(|&other| other <= upper);
            self.upper.copy_within(place..k - 1, place + 1);
            self.upper[place] = upper;
        }
        if self.len == CAPACITY {
            self.drop_those_out(k);
        }
        if self.len == CAPACITY {
            return self.give_up();
        }
        self.kept[self.len] = Candidate { lower, id };
        self.len += 1;
    }

    /// Makes the row one that this filter cannot decide.
    pub(super) fn give_up(&mut self) {
        self.overflowed = true;
    }

    /// The ids of the codes that are left; none if the row gave up.
    pub(super) fn ids(&mut self, k: usize) -> Option<impl Iterator<Item = u32>> {
        self.drop_those_out(k);
        let kept = &self.kept[..self.len];
        (!self.overflowed).then(|| kept.iter().map(|candidate| candidate.id))
    }

    fn drop_those_out(&mut self, k: usize) {
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
