//! Nearest-code search on the CPU: filter, then judge.
//!
//! A filter computes the scores of all rows and codes fast and roughly, a tile in registers at a time, and keeps of
//! each row the few codes that its error bound cannot exclude ([`super::candidates`]).
//! The judge measures those in f64 ([`super::judge`]), so the ids are those of an exhaustive search in f64, whatever
//! the filter.
//! A row with more candidates than can be kept goes to the next, more precise filter, and at last to an exhaustive
//! search.
//!
//! Beside the inputs and the results, memory holds the packed form of at most [`ROWS_AT_ONCE`] rows and of
//! [`BLOCK_WORDS`] words of codes: it does not grow with K.

use std::ops::Range;

use crate::{Distance, threads};

use super::candidates::Candidates;
use super::judge::{self, Real};
use super::kernels::{CodePanels, Kernel, RowPanel};
use super::pack::{Frame, Head, Row};

/// Rows that are packed at once.
const ROWS_AT_ONCE: usize = 1 << 14;

/// Words of packed codes, 1 MiB: they stay in the second-level cache while all rows pass.
const BLOCK_WORDS: usize = 1 << 18;

/// Panels of rows, or of codes, that a thread takes at once.
const PANELS_PER_TASK: usize = 8;

/// Vectors and codes, row after row, `[N, D]` and `[K, D]`.
#[derive(Clone, Copy)]
pub(super) struct Problem<'a, T> {
    pub(super) vectors: &'a [T],
    pub(super) codes: &'a [T],
    pub(super) width: usize,
    pub(super) k: usize,
    pub(super) distance: Distance,
}

/// Where results go, `[N, k]` both.
pub(super) struct Results<'a> {
    pub(super) ids: &'a mut [i64],
    pub(super) distances: &'a mut [f64],
}

/// Rows that a task has decided, and those that it could not.
#[derive(Default)]
struct Decided {
    rows: Vec<usize>,
    /// `k` for each row.
    nearest: Vec<Neighbour>,
    open: Vec<usize>,
}

/// A code and its distance.
#[derive(Debug, Clone, Copy)]
struct Neighbour {
    id: u32,
    distance: f64,
}

/// Finds the `k` nearest codes of every vector, nearest first; of two at one distance, the one with the lower id.
pub(super) fn search<T: Real>(problem: Problem<'_, T>, kernels: &[Kernel], results: &mut Results<'_>) {
    let frame = Frame::new(problem.distance, problem.codes, problem.width);
    let mut open: Vec<usize> = (0..problem.vectors.len() / problem.width).collect();
    for kernel in kernels {
        let mut left = Vec::new();
        for rows in open.chunks(ROWS_AT_ONCE) {
            left.extend(filter(problem, &frame, *kernel, rows, results));
        }
        open = left;
    }
    exhaust(problem, &open, results);
}

/// Decides what one kernel can of `rows`; the rest is returned.
fn filter<T: Real>(
    problem: Problem<'_, T>,
    frame: &Frame,
    kernel: Kernel,
    rows: &[usize],
    results: &mut Results<'_>,
) -> Vec<usize> {
    let Problem { codes, width, k, .. } = problem;
    let (shape, words) = (kernel.tile(), kernel.element.words(width));
    let mut row_panels = pack_rows(problem, frame, kernel, rows);
    let panels_at_once = (BLOCK_WORDS / (words * shape.codes)).clamp(1, (codes.len() / width).div_ceil(shape.codes));
    let mut code_words = vec![0; panels_at_once * words * shape.codes];
    let mut bias = vec![0.0; panels_at_once * shape.codes];
    let mut heads = vec![Head::default(); panels_at_once];
    for (block, part) in codes.chunks(panels_at_once * shape.codes * width).enumerate() {
        let panels = part.len().div_ceil(shape.codes * width);
        let tasks = code_words
            .chunks_mut(PANELS_PER_TASK * words * shape.codes)
            .zip(bias.chunks_mut(PANELS_PER_TASK * shape.codes))
            .zip(heads.chunks_mut(PANELS_PER_TASK))
            .zip(part.chunks(PANELS_PER_TASK * shape.codes * width))
            .collect();
        threads::for_each(tasks, |(((code_words, bias), heads), codes)| {
            let mut scratch = Vec::new();
            Kernel::instructions().run(|| {
                let panels = code_words
                    .chunks_mut(words * shape.codes)
                    .zip(bias.chunks_mut(shape.codes))
                    .zip(codes.chunks(shape.codes * width));
                for (head, ((words, bias), codes)) in heads.iter_mut().zip(panels) {
                    *head = frame.pack_codes(kernel.element, codes, words, bias, &mut scratch);
                }
            });
        });
        let heads = &heads[..panels];
        if heads.iter().any(Head::is_hopeless) {
            return rows.to_vec();
        }
        let codes = CodePanels {
            words: &code_words[..panels * words * shape.codes],
            bias: &bias[..panels * shape.codes],
            heads,
            first: (block * panels_at_once * shape.codes) as u32,
        };
        threads::for_each(row_panels.chunks_mut(PANELS_PER_TASK).collect(), |panels| {
            panels.iter_mut().for_each(|panel| kernel.scan(k, &mut panel.view(), codes));
        });
    }
    let tasks = row_panels.chunks_mut(PANELS_PER_TASK).zip(rows.chunks(PANELS_PER_TASK * shape.rows)).collect();
    let decided = gather(tasks, |(panels, rows)| {
        let found = panels.iter_mut().flat_map(|panel| &mut panel.found);
        let mut decided = Decided::default();
        for (&row, found) in rows.iter().zip(found) {
            match found.ids(k) {
                Some(ids) => decided.decide(problem, row, ids),
                None => decided.open.push(row),
            }
        }
        decided
    });
    settle(k, decided, results)
}

/// Measures every code for each of `rows`.
fn exhaust<T: Real>(problem: Problem<'_, T>, rows: &[usize], results: &mut Results<'_>) {
    let count = (problem.codes.len() / problem.width) as u32;
    let decided = gather(rows.iter().collect(), |&row| {
        let mut decided = Decided::default();
        decided.decide(problem, row, 0..count);
        decided
    });
    settle(problem.k, decided, results);
}

/// A panel of packed rows with what was found for them.
struct OwnedPanel {
    words: Vec<u32>,
    rows: Vec<Row>,
    found: Vec<Candidates>,
}

impl OwnedPanel {
    fn view(&mut self) -> RowPanel<'_> {
        RowPanel { words: &self.words, rows: &self.rows, found: &mut self.found }
    }
}

fn pack_rows<T: Real>(problem: Problem<'_, T>, frame: &Frame, kernel: Kernel, rows: &[usize]) -> Vec<OwnedPanel> {
    let (shape, words) = (kernel.tile(), kernel.element.words(problem.width));
    let packed = gather(rows.chunks(PANELS_PER_TASK * shape.rows).collect(), |rows| {
        let mut scratch = Vec::new();
        Kernel::instructions().run(|| {
            let pack = |rows: &[usize]| {
                let mut panel = OwnedPanel {
                    words: vec![0; words * shape.rows],
                    rows: vec![Row::default(); rows.len()],
                    found: rows.iter().map(|_| Candidates::new()).collect(),
                };
                let vectors = rows.iter().map(|&row| problem.vector(row));
                frame.pack_rows(kernel.element, vectors, shape.rows, &mut panel.words, &mut panel.rows, &mut scratch);
                for (row, found) in panel.rows.iter().zip(&mut panel.found) {
                    if row.is_hopeless() {
                        found.give_up();
                    }
                }
                panel
            };
            rows.chunks(shape.rows).map(pack).collect::<Vec<_>>()
        })
    });
    packed.into_iter().flatten().collect()
}

impl<'a, T> Problem<'a, T> {
    fn vector(&self, row: usize) -> &'a [T] {
        &self.vectors[row * self.width..][..self.width]
    }

    fn code(&self, id: u32) -> &'a [T] {
        &self.codes[id as usize * self.width..][..self.width]
    }
}

impl Decided {
    /// Measures the codes `ids`, in increasing order, and takes the `k` nearest.
    fn decide<T: Real>(&mut self, problem: Problem<'_, T>, row: usize, ids: impl Iterator<Item = u32>) {
        let k = problem.k;
        let vector = problem.vector(row);
        let first = self.nearest.len();
        Kernel::instructions().run(|| {
            for id in ids {
                let distance = judge::distance(problem.distance, vector, problem.code(id));
                let place = self.nearest[first..].partition_point(|other| other.distance.total_cmp(&distance).is_le());
                if place < k {
                    self.nearest.truncate(first + k - 1);
                    self.nearest.insert(first + place, Neighbour { id, distance });
                }
            }
        });
        self.rows.push(row);
    }
}

/// What `work` makes of each item, in the order of the items.
fn gather<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let mut made: Vec<Option<R>> = items.iter().map(|_| None).collect();
    let places = items.into_iter().zip(&mut made).collect();
    threads::for_each(places, |(item, place): (T, &mut Option<R>)| *place = Some(work(item)));
    made.into_iter().flatten().collect()
}

/// Writes what was decided; returns what was not.
fn settle(k: usize, decided: Vec<Decided>, results: &mut Results<'_>) -> Vec<usize> {
    let mut open = Vec::new();
    for Decided { rows, nearest, open: left } in decided {
        for (row, nearest) in rows.into_iter().zip(nearest.chunks_exact(k)) {
            let own: Range<usize> = row * k..(row + 1) * k;
            for ((id, distance), found) in
                results.ids[own.clone()].iter_mut().zip(&mut results.distances[own]).zip(nearest)
            {
                (*id, *distance) = (i64::from(found.id), found.distance);
            }
        }
        open.extend(left);
    }
    open
}
