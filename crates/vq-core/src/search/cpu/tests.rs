//! Tests of the search against brute force.

use proptest::prelude::*;

use super::centering::Centering;
use super::search::{BLOCK_WORDS, ROWS_AT_ONCE, filter};
use super::{Kernel, Problem, Results, search};
use crate::distance::Distance;
use crate::search::query::MAX_NEIGHBORS;
use crate::search::test_inputs::{self, numbers};

/// All distances by the textbook formula, sorted by distance, then id.
fn brute_force(problem: Problem<'_, f32>, row: usize) -> Vec<(f64, i64)> {
    let (z, d) = (&problem.vectors[row * problem.dim..][..problem.dim], problem.dim);
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

/// Searches with `kernels` and compares ids and distances of every row with brute force.
///
/// If two distances of brute force are equal up to its rounding, either order is accepted.
fn check(problem: Problem<'_, f32>, kernels: &[Kernel]) {
    let n = problem.vectors.len() / problem.dim;
    let mut ids = vec![-1; n * problem.k];
    let mut distances = vec![f64::NAN; n * problem.k];
    search(problem, kernels, &mut Results { ids: &mut ids, distances: &mut distances });
    for row in 0..n {
        let all = brute_force(problem, row);
        let largest = match problem.distance {
            Distance::L2 => all.last().unwrap().0.max(f64::MIN_POSITIVE),
            Distance::Cosine => 1.0,
        };
        let scale = largest * problem.dim as f64 * 4e-16;
        let mut seen = Vec::new();
        for rank in 0..problem.k {
            let (id, distance) = (ids[row * problem.k + rank], distances[row * problem.k + rank]);
            let (expected, expected_id) = all[rank];
            assert!((distance - expected).abs() <= scale, "{kernels:?} row {row}: {distance}, not {expected}");
            let own = all.iter().find(|entry| entry.1 == id).unwrap().0;
            assert!((own - expected).abs() <= scale, "{kernels:?} row {row}: code {id}, not {expected_id}");
            // Of equal codes, the lowest id comes first.
            let twin = (0..id).find(|&lower| problem.code(lower as u32) == problem.code(id as u32));
            assert!(twin.is_none_or(|lower| seen.contains(&lower)), "{kernels:?} row {row}: code {id} before {twin:?}");
            assert!(!seen.contains(&id), "{kernels:?} row {row}: code {id} twice");
            seen.push(id);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_kernel_equals_brute_force(
        seed in any::<u64>(),
        kinds in (0_usize..10, 0_usize..10),
        n in 1_usize..40,
        size in 1_usize..200,
        dim in prop_oneof![1_usize..20, 30_usize..70, Just(256)],
        k in 1_usize..=MAX_NEIGHBORS,
        cosine in any::<bool>(),
    ) {
        let (vectors, codes) = test_inputs::pair(kinds, seed, [n, size], dim);
        let distance = if cosine { Distance::Cosine } else { Distance::L2 };
        let problem = Problem { vectors: &vectors, codes: &codes, dim, k: k.min(size), distance };
        for kernel in Kernel::all() {
            check(problem, &[kernel]);
        }
        check(problem, &[]);
    }
}

#[test]
fn many_rows_and_codes_are_searched_in_parts() {
    // More rows than are packed at once, and more codes than a block holds of this dimension.
    let dim = 600;
    let vectors = numbers(0, 1, 20, dim).repeat(ROWS_AT_ONCE / 20 + 2);
    let codes = numbers(0, 2, 2 * BLOCK_WORDS / dim + 3, dim);
    let problem = Problem { vectors: &vectors, codes: &codes, dim, k: 2, distance: Distance::L2 };
    let n = vectors.len() / dim;
    let (mut ids, mut distances) = (vec![-1; 2 * n], vec![f64::NAN; 2 * n]);
    search(problem, &Kernel::cascade(dim), &mut Results { ids: &mut ids, distances: &mut distances });
    for row in 0..20 {
        let expected: Vec<i64> = brute_force(problem, row)[..2].iter().map(|entry| entry.1).collect();
        for copy in (row..n).step_by(20) {
            assert_eq!(ids[2 * copy..][..2], expected, "row {copy}");
        }
    }
}

#[test]
fn filters_decide_ordinary_rows() {
    // The exhaustive search would hide a filter that decides no rows; here it must not be needed.
    for kind in [0, 1, 9] {
        let dim = 64;
        let (vectors, codes) = (numbers(if kind == 9 { 0 } else { kind }, 3, 100, dim), numbers(kind, 4, 5000, dim));
        let problem = Problem { vectors: &vectors, codes: &codes, dim, k: 1, distance: Distance::L2 };
        let centering = Centering::new(problem.distance, &codes, dim);
        let rows: Vec<usize> = (0..100).collect();
        let (mut ids, mut distances) = (vec![-1; 100], vec![f64::NAN; 100]);
        for kernel in Kernel::all() {
            let mut results = Results { ids: &mut ids, distances: &mut distances };
            let left = filter(problem, &centering, kernel, &rows, &mut results);
            assert_eq!(left, [0; 0], "{kernel:?} leaves rows of kind {kind} undecided");
        }
    }
}
