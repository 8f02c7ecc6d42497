//! The search over slices: a cascade of filters, then an exhaustive search of the rows that are left.
//!
//! Beside inputs and results, memory holds at most [`ROWS_AT_ONCE`] packed rows and [`BLOCK_WORDS`] words of packed
//! codes: it does not grow with K.

use std::ops::Range;

use super::centering::Centering;
use super::exact::Real;
use super::kernel::Kernel;
use super::panel::CodePanel;
use super::problem::{Decided, Problem, Results};
use super::scan::{CodePanels, run_vectorized, scan};
use super::tasks::{Decide, Exhaustive, Norms, PackCodes, PackRows, RowPanelBuffer};
use super::threads;

/// Rows that are packed at once.
pub(super) const ROWS_AT_ONCE: usize = 1 << 14;

/// Words of packed codes at once, 1 MiB: they stay in the second-level cache while all rows are scanned.
pub(super) const BLOCK_WORDS: usize = 1 << 18;

/// Up to this many rows, packing the codes costs more than it saves.
const FEW_ROWS: usize = 4;

/// Panels of rows, or of codes, in one task.
const PANELS_PER_TASK: usize = 8;

/// Finds the `k` nearest codes of every vector, nearest first. Of codes at equal distance, the lower id comes first.
pub(in crate::search) fn search<T: Real>(problem: Problem<'_, T>, kernels: &[Kernel], results: &mut Results<'_>) {
    let centering = Centering::new(problem.distance, problem.codes, problem.dim);
    let mut undecided: Vec<usize> = (0..problem.vectors.len() / problem.dim).collect();
    let kernels = if undecided.len() <= FEW_ROWS { &[] } else { kernels };
    for kernel in kernels {
        let mut left = Vec::new();
        for rows in undecided.chunks(ROWS_AT_ONCE) {
            left.extend(filter(problem, &centering, *kernel, rows, results));
        }
        undecided = left;
    }
    exhaustive(problem, &undecided, results);
}

/// Searches `rows` with one kernel. Returns the rows that it could not decide.
pub(super) fn filter<T: Real>(
    problem: Problem<'_, T>,
    centering: &Centering,
    kernel: Kernel,
    rows: &[usize],
    results: &mut Results<'_>,
) -> Vec<usize> {
    let k = problem.k;
    let (shape, words) = (kernel.tile(), kernel.precision.words(problem.dim));
    let packed = parallel_map(rows.chunks(PANELS_PER_TASK * shape.rows).collect(), |rows| {
        run_vectorized(PackRows { problem, centering, kernel, rows })
    });
    let mut row_panels: Vec<RowPanelBuffer> = packed.into_iter().flatten().collect();
    let panels_at_once =
        (BLOCK_WORDS / (words * shape.codes)).clamp(1, (problem.size() as usize).div_ceil(shape.codes));
    let mut code_words = vec![0; panels_at_once * words * shape.codes];
    let mut code_panels = vec![CodePanel::empty(); panels_at_once];
    for first in (0..problem.size()).step_by(panels_at_once * shape.codes) {
        let ids =
            sort_by_norm(problem, centering, first..problem.size().min(first + (panels_at_once * shape.codes) as u32));
        let panels = ids.len().div_ceil(shape.codes);
        let tasks = code_words
            .chunks_mut(PANELS_PER_TASK * words * shape.codes)
            .zip(code_panels.chunks_mut(PANELS_PER_TASK))
            .zip(ids.chunks(PANELS_PER_TASK * shape.codes))
            .collect();
        threads::for_each(tasks, |((words, panels), ids)| {
            run_vectorized(PackCodes { problem, centering, kernel, ids, words, panels });
        });
        if code_panels[..panels].iter().any(CodePanel::is_out_of_range) {
            return rows.to_vec();
        }
        let codes = CodePanels { words: &code_words[..panels * words * shape.codes], panels: &code_panels[..panels] };
        threads::for_each(row_panels.chunks_mut(PANELS_PER_TASK).collect(), |panels| {
            panels.iter_mut().for_each(|panel| scan(kernel, k, &mut panel.view(), codes));
        });
    }
    let tasks = row_panels.chunks_mut(PANELS_PER_TASK).zip(rows.chunks(PANELS_PER_TASK * shape.rows)).collect();
    let decided = parallel_map(tasks, |(panels, rows)| run_vectorized(Decide { problem, rows, panels }));
    write_results(k, decided, results)
}

/// Computes all distances of each of `rows`.
fn exhaustive<T: Real>(problem: Problem<'_, T>, rows: &[usize], results: &mut Results<'_>) {
    let decided = parallel_map(rows.to_vec(), |row| run_vectorized(Exhaustive { problem, row }));
    write_results(problem.k, decided, results);
}

/// The ids of a range of codes, roughly sorted by norm, so that the codes of a panel have similar margins. In a
/// collapsed codebook, the margins of a few long codes would otherwise apply to the many short, dead ones.
fn sort_by_norm<T: Real>(problem: Problem<'_, T>, centering: &Centering, ids: Range<u32>) -> Vec<u32> {
    const CODES_PER_TASK: usize = 256;
    let mut norms = vec![0.0; ids.len()];
    let tasks = norms.chunks_mut(CODES_PER_TASK).zip(ids.clone().step_by(CODES_PER_TASK)).collect();
    threads::for_each(tasks, |(norms, first)| {
        run_vectorized(Norms { problem, centering, first, norms });
    });
    // Counting sort by the exponent and two bits of the mantissa.
    let class = |norm: f32| (norm.to_bits() >> 21) as usize;
    let mut positions = vec![0_u32; 1 << 11];
    norms.iter().for_each(|&norm| positions[class(norm)] += 1);
    let mut sum = 0;
    positions.iter_mut().for_each(|position| sum += std::mem::replace(position, sum));
    let mut ordered = vec![0; ids.len()];
    for (&norm, id) in norms.iter().zip(ids) {
        let position = &mut positions[class(norm)];
        ordered[*position as usize] = id;
        *position += 1;
    }
    ordered
}

/// Applies `work` to each item in parallel; returns the outputs in the order of the items.
fn parallel_map<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let mut outputs: Vec<Option<R>> = items.iter().map(|_| None).collect();
    let slots = items.into_iter().zip(&mut outputs).collect();
    threads::for_each(slots, |(item, slot): (T, &mut Option<R>)| *slot = Some(work(item)));
    outputs.into_iter().flatten().collect()
}

/// Writes the neighbors of the decided rows; returns the undecided rows.
fn write_results(k: usize, decided: Vec<Decided>, results: &mut Results<'_>) -> Vec<usize> {
    let mut undecided = Vec::new();
    for Decided { rows, neighbors, undecided: left } in decided {
        for (row, neighbors) in rows.into_iter().zip(neighbors.chunks_exact(k)) {
            let own: Range<usize> = row * k..(row + 1) * k;
            for ((id, distance), neighbor) in
                results.ids[own.clone()].iter_mut().zip(&mut results.distances[own]).zip(neighbors)
            {
                (*id, *distance) = (i64::from(neighbor.id), neighbor.distance);
            }
        }
        undecided.extend(left);
    }
    undecided
}
