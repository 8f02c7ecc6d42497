//! Tests of the kernels on the emulator against the CPU search.

use proptest::prelude::*;

use tch::{Device, Kind, Tensor};

use super::buffers::Results;
use super::centering::Centering;
use super::constants::{CAPACITY, CODE_TILE, MAX_BOUND_PARTS, SLOTS, WARP};
use super::filter::{Filter, Staging, depth_of};
use super::search::Task;
use crate::distance::Distance;
use crate::kernels::{Emulator, Source};
use crate::search::query::{MAX_NEIGHBORS, SearchConfig};
use crate::search::{nearest_codes, test_inputs};

fn matrix(numbers: &[f32], dim: usize) -> Tensor {
    Tensor::from_slice(numbers).view([-1, dim as i64])
}

/// A task that packs few rows at once, so that there are several parts.
fn task<'a>(launcher: &'a Emulator, codes: &'a Tensor, config: SearchConfig) -> Task<'a> {
    Task { launcher, codes, config, rows_at_once: 200 }
}

/// Runs the filters on the emulator and compares ids and distances with the CPU bit for bit.
fn check(vectors: &Tensor, codes: &Tensor, config: SearchConfig, filters: &[Filter]) {
    let expected = nearest_codes(vectors, codes, config).unwrap();
    let results = task(&Emulator::default(), codes, config).decide(vectors, filters).unwrap();
    let distances = results.distances.to_kind(vectors.kind());
    assert!(results.ids.equal(&expected.indices), "{filters:?}: {:?}, not {:?}", results.ids, expected.indices);
    assert!(distances.equal(&expected.distances), "{filters:?}: {distances:?}, not {:?}", expected.distances);
}

/// The first filter with every layout of shared memory, and the second filter.
fn all_filters(codes: &Tensor) -> Vec<Filter> {
    let depth = depth_of(codes);
    let staging = |resident, stages| {
        let mut available = 232_448;
        loop {
            let staging = Staging::fit(depth, available)?;
            if (staging.resident, staging.stages) == (resident, stages) {
                return Some(Filter::Bf16(staging));
            }
            available = staging.bytes - 1;
        }
    };
    let layouts = [(true, 3), (true, 2), (false, 3), (false, 2)];
    layouts.into_iter().filter_map(|(resident, stages)| staging(resident, stages)).chain([Filter::F32]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn kernels_equal_the_cpu_search(
        seed in any::<u64>(),
        kinds in (0_usize..10, 0_usize..10),
        n in 3_usize..300,
        size in 1_usize..700,
        dim in prop_oneof![1_usize..20, 30_usize..70, Just(130)],
        // Thresholds are tightest for k = 1.
        k in prop_oneof![Just(1_usize), 1_usize..=MAX_NEIGHBORS],
        cosine in any::<bool>(),
    ) {
        let (vectors, codes) = test_inputs::pair(kinds, seed, [n, size], dim);
        let (vectors, codes) = (matrix(&vectors, dim), matrix(&codes, dim));
        let distance = if cosine { Distance::Cosine } else { Distance::L2 };
        let search = SearchConfig { k: k.min(size) as i64, distance };
        let filters = all_filters(&codes);
        check(&vectors, &codes, search, &[filters[seed as usize % filters.len()]]);
        if seed % 8 == 0 {
            check(&vectors, &codes, search, &Filter::cascade(Emulator::default().limits, &codes));
            check(&vectors, &codes, search, &[]);
        }
    }
}

#[test]
fn doubles_equal_the_cpu_search() {
    for distance in [Distance::L2, Distance::Cosine] {
        let (vectors, codes) = test_inputs::pair((1, 1), 2, [30, 100], 13);
        let [vectors, codes] = [vectors, codes].map(|numbers| matrix(&numbers, 13).to_kind(Kind::Double) / 3.0);
        assert_eq!(Filter::cascade(Emulator::default().limits, &codes), []);
        check(&vectors, &codes, SearchConfig { k: 3, distance }, &[]);
    }
}

#[test]
fn empty_vectors_give_empty_results() {
    let codes = matrix(&test_inputs::numbers(0, 1, 100, 4), 4);
    check(
        &codes.narrow(0, 0, 0),
        &codes,
        SearchConfig::default(),
        &Filter::cascade(Emulator::default().limits, &codes),
    );
}

#[test]
fn filters_decide_ordinary_rows() {
    // The exhaustive search would hide a filter that decides no rows; here it must not be needed.
    for (kind, k) in [(0, 1), (0, 2), (1, 4), (1, 16), (9, 1)] {
        let dim = 24;
        let vectors = matrix(&test_inputs::numbers(if kind == 9 { 0 } else { kind }, 3, 200, dim), dim);
        let codes = matrix(&test_inputs::numbers(kind, 4, 3000, dim), dim);
        let launcher = Emulator::default();
        let task = task(&launcher, &codes, SearchConfig { k, ..Default::default() });
        let centering = Centering::new(Distance::L2, &codes);
        for filter in all_filters(&codes) {
            let results = Results::new(200, k, Device::Cpu);
            let counts =
                task.filter(filter, &centering, &task.pack_codes(filter, &centering).unwrap(), &vectors, &results);
            let most = counts.unwrap().max().int64_value(&[]);
            assert!(most <= CAPACITY, "{filter:?} keeps {most} of 3000 codes of kind {kind} for k = {k}");
        }
    }
}

#[test]
fn constants_equal_those_of_the_kernels() {
    let source = |source: Source| source.text();
    let holds = |text: &str, name: &str, value: i64| {
        let line = format!("constexpr int {name} = {value};");
        assert!(text.contains(&line), "no kernel has `{line}`");
    };
    holds(&source(Source::Rescore), "CODE_TILE", CODE_TILE);
    holds(&source(Source::Rescore), "CAPACITY", CAPACITY);
    holds(&source(Source::Rescore), "SLOTS", SLOTS);
    holds(&source(Source::Rescore), "PER_LANE", MAX_BOUND_PARTS * SLOTS / WARP);
    holds(&source(Source::FilterBf16), "ROW_TILE", Filter::BF16_ROWS);
    holds(&source(Source::FilterBf16), "THREADS", Filter::THREADS.into());
}
