//! Inputs and outputs of a search, as slices.

use super::exact::{self, Real};
use crate::distance::Distance;

/// Vectors and codes in row-major order, `[N, D]` and `[K, D]`.
#[derive(Clone, Copy)]
pub(in crate::search) struct Problem<'a, T> {
    pub(in crate::search) vectors: &'a [T],
    pub(in crate::search) codes: &'a [T],
    pub(in crate::search) dim: usize,
    pub(in crate::search) k: usize,
    pub(in crate::search) distance: Distance,
}

/// Output buffers, both `[N, k]`.
pub(in crate::search) struct Results<'a> {
    pub(in crate::search) ids: &'a mut [i64],
    pub(in crate::search) distances: &'a mut [f64],
}

/// A code and its distance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Neighbor {
    pub(super) id: u32,
    pub(super) distance: f64,
}

/// The outcome of a task: rows with their neighbors, and rows that need a more precise filter.
#[derive(Default)]
pub(super) struct Decided {
    pub(super) rows: Vec<usize>,
    /// `k` for each of `rows`.
    pub(super) neighbors: Vec<Neighbor>,
    pub(super) undecided: Vec<usize>,
}

impl<'a, T> Problem<'a, T> {
    pub(super) fn vector(&self, row: usize) -> &'a [T] {
        &self.vectors[row * self.dim..][..self.dim]
    }

    pub(super) fn size(&self) -> u32 {
        (self.codes.len() / self.dim) as u32
    }

    pub(super) fn code(&self, id: u32) -> &'a [T] {
        &self.codes[id as usize * self.dim..][..self.dim]
    }
}

impl Decided {
    /// Computes the distances of the codes `ids` and takes the `k` nearest.
    #[inline(always)]
    pub(super) fn decide<T: Real>(&mut self, problem: Problem<'_, T>, row: usize, ids: impl Iterator<Item = u32>) {
        let vector = problem.vector(row);
        let first = self.neighbors.len();
        for id in ids {
            let distance = exact::distance(problem.distance, vector, problem.code(id));
            let rank = self.neighbors[first..]
                .partition_point(|other| other.distance.total_cmp(&distance).then(other.id.cmp(&id)).is_lt());
            if rank < problem.k {
                self.neighbors.truncate(first + problem.k - 1);
                self.neighbors.insert(first + rank, Neighbor { id, distance });
            }
        }
        self.rows.push(row);
    }
}
