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
use super::kernels::{Code, CodePanels, Kernel, RowPanel};
use super::pack::{CodePanel, Frame, Row};

/// Rows that are packed at once.
const ROWS_AT_ONCE: usize = 1 << 14;

/// Words of packed codes, 1 MiB: they stay in the second-level cache while all rows pass.
const BLOCK_WORDS: usize = 1 << 18;

/// So few rows that packing the codes for them costs more than it saves.
const FEW_ROWS: usize = 4;

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
    let kernels = if open.len() <= FEW_ROWS { &[] } else { kernels };
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
    let k = problem.k;
    let (shape, words) = (kernel.tile(), kernel.element.words(problem.width));
    let packed = gather(rows.chunks(PANELS_PER_TASK * shape.rows).collect(), |rows| {
        Kernel::instructions().run(PackRows { problem, frame, kernel, rows })
    });
    let mut row_panels: Vec<OwnedPanel> = packed.into_iter().flatten().collect();
    let panels_at_once =
        (BLOCK_WORDS / (words * shape.codes)).clamp(1, (problem.size() as usize).div_ceil(shape.codes));
    let mut code_words = vec![0; panels_at_once * words * shape.codes];
    let mut code_panels = vec![CodePanel::empty(); panels_at_once];
    for first in (0..problem.size()).step_by(panels_at_once * shape.codes) {
        let ids = by_length(problem, frame, first..problem.size().min(first + (panels_at_once * shape.codes) as u32));
        let panels = ids.len().div_ceil(shape.codes);
        let tasks = code_words
            .chunks_mut(PANELS_PER_TASK * words * shape.codes)
            .zip(code_panels.chunks_mut(PANELS_PER_TASK))
            .zip(ids.chunks(PANELS_PER_TASK * shape.codes))
            .collect();
        threads::for_each(tasks, |((words, panels), ids)| {
            Kernel::instructions().run(PackCodes { problem, frame, kernel, ids, words, panels });
        });
        if code_panels[..panels].iter().any(CodePanel::is_hopeless) {
            return rows.to_vec();
        }
        let codes = CodePanels { words: &code_words[..panels * words * shape.codes], panels: &code_panels[..panels] };
        threads::for_each(row_panels.chunks_mut(PANELS_PER_TASK).collect(), |panels| {
            panels.iter_mut().for_each(|panel| kernel.scan(k, &mut panel.view(), codes));
        });
    }
    let tasks = row_panels.chunks_mut(PANELS_PER_TASK).zip(rows.chunks(PANELS_PER_TASK * shape.rows)).collect();
    let decided = gather(tasks, |(panels, rows)| Kernel::instructions().run(Decide { problem, rows, panels }));
    settle(k, decided, results)
}

/// Measures every code for each of `rows`.
fn exhaust<T: Real>(problem: Problem<'_, T>, rows: &[usize], results: &mut Results<'_>) {
    let decided = gather(rows.to_vec(), |row| Kernel::instructions().run(Exhaust { problem, row }));
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

/// Packs the rows with these numbers.
struct PackRows<'a, T> {
    problem: Problem<'a, T>,
    frame: &'a Frame,
    kernel: Kernel,
    rows: &'a [usize],
}

impl<T: Real> Code for PackRows<'_, T> {
    type Made = Vec<OwnedPanel>;

    #[inline(always)]
    fn run(self) -> Vec<OwnedPanel> {
        let Self { problem, frame, kernel, rows } = self;
        let (shape, words) = (kernel.tile(), kernel.element.words(problem.width));
        let mut scratch = Vec::new();
        let mut panels = Vec::new();
        for rows in rows.chunks(shape.rows) {
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
            panels.push(panel);
        }
        panels
    }
}

/// Packs the codes with these ids as panels.
struct PackCodes<'a, T> {
    problem: Problem<'a, T>,
    frame: &'a Frame,
    kernel: Kernel,
    ids: &'a [u32],
    words: &'a mut [u32],
    panels: &'a mut [CodePanel],
}

impl<T: Real> Code for PackCodes<'_, T> {
    type Made = ();

    #[inline(always)]
    fn run(self) {
        let Self { problem, frame, kernel, ids, words, panels } = self;
        let (element, lanes) = (kernel.element, kernel.tile().codes);
        let mut scratch = Vec::new();
        let words = words.chunks_mut(element.words(problem.width) * lanes);
        for ((panel, words), ids) in panels.iter_mut().zip(words).zip(ids.chunks(lanes)) {
            let codes = ids.iter().map(|&id| (id, problem.code(id)));
            frame.pack_codes(element, codes, lanes, words, panel, &mut scratch);
        }
    }
}

/// Measures codes.
struct Lengths<'a, T> {
    problem: Problem<'a, T>,
    frame: &'a Frame,
    first: u32,
    lengths: &'a mut [f32],
}

impl<T: Real> Code for Lengths<'_, T> {
    type Made = ();

    #[inline(always)]
    fn run(self) {
        let mut scratch = Vec::new();
        for (length, id) in self.lengths.iter_mut().zip(self.first..) {
            *length = self.frame.length(self.problem.code(id), &mut scratch);
        }
    }
}

/// The ids of a range of codes in an order in which neighbours are of similar length, so that the margins of a panel
/// are all alike: dead codes, which are often short, would drown beside long ones.
fn by_length<T: Real>(problem: Problem<'_, T>, frame: &Frame, ids: Range<u32>) -> Vec<u32> {
    const CODES_PER_TASK: usize = 256;
    let mut lengths = vec![0.0; ids.len()];
    let tasks = lengths.chunks_mut(CODES_PER_TASK).zip(ids.clone().step_by(CODES_PER_TASK)).collect();
    threads::for_each(tasks, |(lengths, first)| {
        Kernel::instructions().run(Lengths { problem, frame, first, lengths });
    });
    // A counting sort by the exponent and two bits of the mantissa.
    let class = |length: f32| (length.to_bits() >> 21) as usize;
    let mut places = vec![0_u32; 1 << 11];
    lengths.iter().for_each(|&length| places[class(length)] += 1);
    let mut sum = 0;
    places.iter_mut().for_each(|place| sum += std::mem::replace(place, sum));
    let mut ordered = vec![0; ids.len()];
    for (&length, id) in lengths.iter().zip(ids) {
        let place = &mut places[class(length)];
        ordered[*place as usize] = id;
        *place += 1;
    }
    ordered
}

/// Decides rows from their candidates.
struct Decide<'a, T> {
    problem: Problem<'a, T>,
    rows: &'a [usize],
    panels: &'a mut [OwnedPanel],
}

impl<T: Real> Code for Decide<'_, T> {
    type Made = Decided;

    #[inline(always)]
    fn run(self) -> Decided {
        let mut decided = Decided::default();
        let found = self.panels.iter_mut().flat_map(|panel| &mut panel.found);
        for (&row, found) in self.rows.iter().zip(found) {
            match found.ids(self.problem.k) {
                Some(ids) => decided.decide(self.problem, row, ids),
                None => decided.open.push(row),
            }
        }
        decided
    }
}

/// Decides a row from all codes.
struct Exhaust<'a, T> {
    problem: Problem<'a, T>,
    row: usize,
}

impl<T: Real> Code for Exhaust<'_, T> {
    type Made = Decided;

    #[inline(always)]
    fn run(self) -> Decided {
        let mut decided = Decided::default();
        decided.decide(self.problem, self.row, 0..self.problem.size());
        decided
    }
}

impl<'a, T> Problem<'a, T> {
    fn vector(&self, row: usize) -> &'a [T] {
        &self.vectors[row * self.width..][..self.width]
    }

    fn size(&self) -> u32 {
        (self.codes.len() / self.width) as u32
    }

    fn code(&self, id: u32) -> &'a [T] {
        &self.codes[id as usize * self.width..][..self.width]
    }
}

impl Decided {
    /// Measures the codes `ids` and takes the `k` nearest.
    #[inline(always)]
    fn decide<T: Real>(&mut self, problem: Problem<'_, T>, row: usize, ids: impl Iterator<Item = u32>) {
        let vector = problem.vector(row);
        let first = self.nearest.len();
        for id in ids {
            let distance = judge::distance(problem.distance, vector, problem.code(id));
            let place = self.nearest[first..]
                .partition_point(|other| other.distance.total_cmp(&distance).then(other.id.cmp(&id)).is_lt());
            if place < problem.k {
                self.nearest.truncate(first + problem.k - 1);
                self.nearest.insert(first + place, Neighbour { id, distance });
            }
        }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::search::candidates::MOST_NEAREST;
    use crate::search::hard::{self, numbers};

    /// Distances as a textbook has them, sorted, and then by id.
    fn brute_force(problem: Problem<'_, f32>, row: usize) -> Vec<(f64, i64)> {
        let (z, d) = (&problem.vectors[row * problem.width..][..problem.width], problem.width);
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
        let measure = |e: &[f32]| match problem.distance {
            Distance::L2 => z.iter().zip(e).map(|(&z, &e)| (f64::from(z) - f64::from(e)).powi(2)).sum(),
            Distance::Cosine if dot(z, z) * dot(e, e) == 0.0 => 1.0,
            Distance::Cosine => 1.0 - dot(z, e) / (dot(z, z) * dot(e, e)).sqrt(),
        };
        let mut all: Vec<(f64, i64)> = problem.codes.chunks(d).map(measure).zip(0..).collect();
        all.sort_by(|left, right| left.0.total_cmp(&right.0).then(left.1.cmp(&right.1)));
        all
    }

    /// Searches with `kernels` and holds every row against brute force: the same ids, the same distances.
    ///
    /// Where brute force itself has two distances within its rounding, either order will do.
    fn check(problem: Problem<'_, f32>, kernels: &[Kernel]) {
        let n = problem.vectors.len() / problem.width;
        let mut ids = vec![-1; n * problem.k];
        let mut distances = vec![f64::NAN; n * problem.k];
        search(problem, kernels, &mut Results { ids: &mut ids, distances: &mut distances });
        for row in 0..n {
            let all = brute_force(problem, row);
            let largest = match problem.distance {
                Distance::L2 => all.last().unwrap().0.max(f64::MIN_POSITIVE),
                Distance::Cosine => 1.0,
            };
            let scale = largest * problem.width as f64 * 4e-16;
            let mut seen = Vec::new();
            for rank in 0..problem.k {
                let (id, distance) = (ids[row * problem.k + rank], distances[row * problem.k + rank]);
                let (expected, expected_id) = all[rank];
                assert!((distance - expected).abs() <= scale, "{kernels:?} row {row}: {distance}, not {expected}");
                let own = all.iter().find(|entry| entry.1 == id).unwrap().0;
                assert!((own - expected).abs() <= scale, "{kernels:?} row {row}: code {id}, not {expected_id}");
                // Of equal codes, the lowest id comes first.
                let twin = (0..id).find(|&lower| problem.code(lower as u32) == problem.code(id as u32));
                assert!(
                    twin.is_none_or(|lower| seen.contains(&lower)),
                    "{kernels:?} row {row}: code {id} before {twin:?}"
                );
                assert!(!seen.contains(&id), "{kernels:?} row {row}: code {id} twice");
                seen.push(id);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn every_kernel_finds_what_brute_force_finds(
            seed in any::<u64>(),
            kinds in (0_usize..10, 0_usize..10),
            n in 1_usize..40,
            size in 1_usize..200,
            width in prop_oneof![1_usize..20, 30_usize..70, Just(256)],
            k in 1_usize..=MOST_NEAREST,
            cosine in any::<bool>(),
        ) {
            let (vectors, codes) = hard::pair(kinds, seed, [n, size], width);
            let distance = if cosine { Distance::Cosine } else { Distance::L2 };
            let problem = Problem { vectors: &vectors, codes: &codes, width, k: k.min(size), distance };
            for kernel in Kernel::all() {
                check(problem, &[kernel]);
            }
            check(problem, &[]);
        }
    }

    #[test]
    fn many_rows_and_codes_are_searched_in_parts() {
        // More rows than are packed at once, and more codes than a block holds at this width.
        let width = 600;
        let vectors = numbers(0, 1, 20, width).repeat(ROWS_AT_ONCE / 20 + 2);
        let codes = numbers(0, 2, 2 * BLOCK_WORDS / width + 3, width);
        let problem = Problem { vectors: &vectors, codes: &codes, width, k: 2, distance: Distance::L2 };
        let n = vectors.len() / width;
        let (mut ids, mut distances) = (vec![-1; 2 * n], vec![f64::NAN; 2 * n]);
        search(problem, &Kernel::cascade(width), &mut Results { ids: &mut ids, distances: &mut distances });
        for row in 0..20 {
            let expected: Vec<i64> = brute_force(problem, row)[..2].iter().map(|entry| entry.1).collect();
            for copy in (row..n).step_by(20) {
                assert_eq!(ids[2 * copy..][..2], expected, "row {copy}");
            }
        }
    }

    #[test]
    fn a_filter_decides_ordinary_rows() {
        // The exhaustive search would hide a filter that gives up; here it must not be needed.
        for kind in [0, 1, 9] {
            let width = 64;
            let (vectors, codes) =
                (numbers(if kind == 9 { 0 } else { kind }, 3, 100, width), numbers(kind, 4, 5000, width));
            let problem = Problem { vectors: &vectors, codes: &codes, width, k: 1, distance: Distance::L2 };
            let frame = Frame::new(problem.distance, &codes, width);
            let rows: Vec<usize> = (0..100).collect();
            let (mut ids, mut distances) = (vec![-1; 100], vec![f64::NAN; 100]);
            for kernel in Kernel::all() {
                let mut results = Results { ids: &mut ids, distances: &mut distances };
                let left = filter(problem, &frame, kernel, &rows, &mut results);
                assert_eq!(left, [0; 0], "{kernel:?} gave up on numbers of kind {kind}");
            }
        }
    }
}
