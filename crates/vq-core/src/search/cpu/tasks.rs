//! The units of work that threads run, compiled for each instruction set.

use super::candidates::Candidates;
use super::centering::Centering;
use super::exact::Real;
use super::kernel::{Kernel, Vectorized};
use super::pack;
use super::panel::{CodePanel, Row};
use super::problem::{Decided, Problem};
use super::scan::RowPanel;

/// A panel of packed rows with their candidates.
pub(super) struct RowPanelBuffer {
    words: Vec<u32>,
    rows: Vec<Row>,
    candidates: Vec<Candidates>,
}

impl RowPanelBuffer {
    pub(super) fn view(&mut self) -> RowPanel<'_> {
        RowPanel { words: &self.words, rows: &self.rows, candidates: &mut self.candidates }
    }
}

/// Packs rows into panels.
pub(super) struct PackRows<'a, T> {
    pub(super) problem: Problem<'a, T>,
    pub(super) centering: &'a Centering,
    pub(super) kernel: Kernel,
    pub(super) rows: &'a [usize],
}

impl<T: Real> Vectorized for PackRows<'_, T> {
    type Output = Vec<RowPanelBuffer>;

    #[inline(always)]
    fn run(self) -> Vec<RowPanelBuffer> {
        let Self { problem, centering, kernel, rows } = self;
        let (shape, words) = (kernel.tile(), kernel.precision.words(problem.dim));
        let mut scratch = Vec::new();
        let mut panels = Vec::new();
        for rows in rows.chunks(shape.rows) {
            let mut panel = RowPanelBuffer {
                words: vec![0; words * shape.rows],
                rows: vec![Row::default(); rows.len()],
                candidates: rows.iter().map(|_| Candidates::new()).collect(),
            };
            let vectors = rows.iter().map(|&row| problem.vector(row));
            pack::pack_rows(
                centering,
                kernel.precision,
                vectors,
                shape.rows,
                &mut panel.words,
                &mut panel.rows,
                &mut scratch,
            );
            for (row, candidates) in panel.rows.iter().zip(&mut panel.candidates) {
                if row.is_out_of_range() {
                    candidates.mark_undecided();
                }
            }
            panels.push(panel);
        }
        panels
    }
}

/// Packs the codes with these ids into panels.
pub(super) struct PackCodes<'a, T> {
    pub(super) problem: Problem<'a, T>,
    pub(super) centering: &'a Centering,
    pub(super) kernel: Kernel,
    pub(super) ids: &'a [u32],
    pub(super) words: &'a mut [u32],
    pub(super) panels: &'a mut [CodePanel],
}

impl<T: Real> Vectorized for PackCodes<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { problem, centering, kernel, ids, words, panels } = self;
        let (precision, lanes) = (kernel.precision, kernel.tile().codes);
        let mut scratch = Vec::new();
        let words = words.chunks_mut(precision.words(problem.dim) * lanes);
        for ((panel, words), ids) in panels.iter_mut().zip(words).zip(ids.chunks(lanes)) {
            let codes = ids.iter().map(|&id| (id, problem.code(id)));
            pack::pack_codes(centering, precision, codes, lanes, words, panel, &mut scratch);
        }
    }
}

/// Computes the norms of codes.
pub(super) struct Norms<'a, T> {
    pub(super) problem: Problem<'a, T>,
    pub(super) centering: &'a Centering,
    pub(super) first: u32,
    pub(super) norms: &'a mut [f32],
}

impl<T: Real> Vectorized for Norms<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let mut scratch = Vec::new();
        for (norm, id) in self.norms.iter_mut().zip(self.first..) {
            *norm = self.centering.norm(self.problem.code(id), &mut scratch);
        }
    }
}

/// Decides rows by the exact distances of their candidates.
pub(super) struct Decide<'a, T> {
    pub(super) problem: Problem<'a, T>,
    pub(super) rows: &'a [usize],
    pub(super) panels: &'a mut [RowPanelBuffer],
}

impl<T: Real> Vectorized for Decide<'_, T> {
    type Output = Decided;

    #[inline(always)]
    fn run(self) -> Decided {
        let mut decided = Decided::default();
        let candidates = self.panels.iter_mut().flat_map(|panel| &mut panel.candidates);
        for (&row, candidates) in self.rows.iter().zip(candidates) {
            match candidates.ids(self.problem.k) {
                Some(ids) => decided.decide(self.problem, row, ids),
                None => decided.undecided.push(row),
            }
        }
        decided
    }
}

/// Decides a row by the exact distances of all codes.
pub(super) struct Exhaustive<'a, T> {
    pub(super) problem: Problem<'a, T>,
    pub(super) row: usize,
}

impl<T: Real> Vectorized for Exhaustive<'_, T> {
    type Output = Decided;

    #[inline(always)]
    fn run(self) -> Decided {
        let mut decided = Decided::default();
        decided.decide(self.problem, self.row, 0..self.problem.size());
        decided
    }
}
