//! Nearest-code search on a GPU: bound, collect, judge.
//!
//! The scheme is that of the CPU (see [`super::cpu`]) with two passes of a filter instead of one, since thousands of
//! blocks cannot share a bound that tightens as they go.
//! The first pass looks at a part of the codes and bounds the `k`-th best score of each row; the second looks at all
//! codes and collects those that reach the bound.
//! The judge then measures the collected codes in f64, in the order of operations that the CPU keeps.
//! A row with more codes than can be collected goes to the next, more precise filter, and at last to an exhaustive
//! search.
//!
//! Everything runs on the device of the tensors, and the kernels do not know who launches them: tests run this file
//! on an emulator.

mod filter;
mod frame;

use tch::{Device, Kind, Tensor};

use self::filter::{Filter, depth_of};
use self::frame::Frame;
use super::{Nearest, Search};
use crate::Distance;
use crate::cuda::{CudaError, Launch, Launcher, Plain, Pointer, Source, groups};

/// Threads of a warp, and of the blocks of kernels that give a warp to each row.
const WARP: i64 = 32;
const ROW_WARPS: i64 = 8;
const ROW_THREADS: u32 = (WARP * ROW_WARPS) as u32;

/// As in `kernels/common.cuh`.
const CODE_TILE: i64 = 128;
const CAPACITY: i64 = 64;
const SLOTS: i64 = 16;

/// Most parts of the codes that bounds are found for: `threshold` in `kernels/judge.cu` reads 256 slots of a row.
const MOST_BOUND_PARTS: i64 = 16;

/// Rows whose images are held at once.
const ROWS_AT_ONCE: i64 = 1 << 16;

/// Finds the `k` nearest codes of each of `vectors` `[N, D]` among `codes` `[K, D]`, both contiguous and of one kind,
/// `Float` or `Double`, with numbers that are finite.
pub(super) fn search(
    launcher: &dyn Launcher,
    vectors: &Tensor,
    codes: &Tensor,
    search: Search,
) -> Result<Nearest, CudaError> {
    let filters = Filter::cascade(launcher.limits(), codes);
    let found = Task { launcher, codes, search, rows_at_once: ROWS_AT_ONCE }.decide(vectors, &filters)?;
    Ok(Nearest { indices: found.ids, distances: found.distances.to_kind(vectors.kind()) })
}

/// The codes and what is asked of them.
struct Task<'a> {
    launcher: &'a dyn Launcher,
    codes: &'a Tensor,
    search: Search,
    rows_at_once: i64,
}

/// What was found for some rows.
struct Found {
    /// `[N, k]`, `Int64`.
    ids: Tensor,
    /// `[N, k]`, `Double`.
    distances: Tensor,
}

impl Found {
    fn new(rows: i64, k: i64, device: Device) -> Self {
        Self {
            ids: Tensor::empty([rows, k], (Kind::Int64, device)),
            distances: Tensor::empty([rows, k], (Kind::Double, device)),
        }
    }

    /// The part for some of the rows, in the same memory.
    fn part(&self, first: i64, rows: i64) -> Self {
        Self { ids: self.ids.narrow(0, first, rows), distances: self.distances.narrow(0, first, rows) }
    }

    /// Puts what was found for `rows`, `[M]`, in its place.
    fn replace(&mut self, rows: &Tensor, found: &Self) {
        let _ = self.ids.index_copy_(0, rows, &found.ids);
        let _ = self.distances.index_copy_(0, rows, &found.distances);
    }
}

/// Rows or codes as a filter reads them.
struct Images {
    /// `[padded, depth]`.
    images: Tensor,
    /// `[padded, 4]`, `Float`: what `margin` in `kernels/common.cuh` reads.
    bounds: Tensor,
}

/// Codes as a filter reads them, each at its position.
struct CodeImages {
    images: Images,
    /// `[tiles, 4]`, `Float`.
    tile_bounds: Tensor,
    /// `[padded]`, `Float`.
    offsets: Tensor,
    /// `[K]`, `Int64`: the id at each position.
    order: Tensor,
    tiles: i64,
}

/// `Problem` of `kernels/common.cuh`.
#[derive(Clone, Copy)]
#[repr(C)]
struct Problem {
    rows: Pointer,
    codes: Pointer,
    row_bounds: Pointer,
    code_bounds: Pointer,
    tile_bounds: Pointer,
    offsets: Pointer,
    depth: i32,
    tiles: i32,
    step: i32,
    stages: i32,
    resident: i32,
}

/// `Candidates` of `kernels/common.cuh`.
#[derive(Clone, Copy)]
#[repr(C)]
struct Candidates {
    counts: Pointer,
    positions: Pointer,
    scores: Pointer,
}

impl Plain for Problem {}
impl Plain for Candidates {}

impl Task<'_> {
    /// Finds the nearest codes of all `vectors`, `[N, D]`.
    fn decide(&self, vectors: &Tensor, filters: &[Filter]) -> Result<Found, CudaError> {
        let n = vectors.size()[0];
        let few = n <= self.launcher.limits().multiprocessors / 2;
        let Some((&filter, finer)) = filters.split_first().filter(|_| !few) else {
            return self.exhaust(vectors);
        };
        let frame = Frame::new(self.search.distance, self.codes);
        let codes = self.code_images(filter, &frame)?;
        let mut found = Found::new(n, self.search.k, vectors.device());
        let mut counts = Vec::new();
        for first in (0..n).step_by(self.rows_at_once as usize) {
            let rows = self.rows_at_once.min(n - first);
            let (vectors, found) = (vectors.narrow(0, first, rows), found.part(first, rows));
            counts.push(self.filter(filter, &frame, &codes, &vectors, &found)?);
        }
        let open = Tensor::cat(&counts, 0).gt(CAPACITY).nonzero().squeeze_dim(1); // [undecided rows]
        if open.size()[0] > 0 {
            found.replace(&open, &self.decide(&vectors.index_select(0, &open), finer)?);
        }
        Ok(found)
    }

    /// Decides what one filter can of `vectors`, `[N, D]`; returns how many candidates each row had, `[N]`, `Int`:
    /// those with more than [`CAPACITY`] are not decided.
    fn filter(
        &self,
        filter: Filter,
        frame: &Frame,
        codes: &CodeImages,
        vectors: &Tensor,
        found: &Found,
    ) -> Result<Tensor, CudaError> {
        let device = vectors.device();
        let (n, k) = (vectors.size()[0], self.search.k);
        let row_tiles = groups(n, filter.row_tile());
        let padded = row_tiles * filter.row_tile();
        let rows = self.images(filter, frame, vectors, padded, None)?;
        let staging = filter.staging();
        let problem = |step: i64| Problem {
            rows: (&rows.images).into(),
            codes: (&codes.images.images).into(),
            row_bounds: (&rows.bounds).into(),
            code_bounds: (&codes.images.bounds).into(),
            tile_bounds: (&codes.tile_bounds).into(),
            offsets: (&codes.offsets).into(),
            depth: rows.images.size()[1] as i32,
            tiles: codes.tiles as i32,
            step: step as i32,
            stages: staging.stages,
            resident: staging.resident.into(),
        };
        let [_, bound, collect] = filter.kernels();
        let launch = |kernel, parts| Launch {
            source: filter.source(),
            kernel,
            blocks: [row_tiles, parts],
            threads: Filter::THREADS,
            shared_bytes: staging.bytes,
        };
        // Enough blocks that the last ones to run are a small part of them.
        let parts = groups(4 * self.launcher.limits().multiprocessors, row_tiles);

        let step = sample_step(k);
        let sampled = groups(codes.tiles, step);
        // A slot has one code; with few slots for each of the k, the k-th best slot lies far below the k-th best code.
        let bound_parts = parts.max(groups(k, 2)).clamp(1, sampled.min(MOST_BOUND_PARTS));
        let slots = Tensor::empty([padded, bound_parts * SLOTS], (Kind::Float, device));
        self.launcher
            .launch(&launch(bound, bound_parts), &[(&problem(step)).into(), (&Pointer::from(&slots)).into()])?;
        let thresholds = self.thresholds(&slots, n)?;

        let counts = Tensor::zeros([padded], (Kind::Int, device));
        let positions = Tensor::empty([padded, CAPACITY], (Kind::Int, device));
        let scores = Tensor::empty([padded, CAPACITY], (Kind::Float, device));
        let candidates =
            Candidates { counts: (&counts).into(), positions: (&positions).into(), scores: (&scores).into() };
        self.launcher.launch(
            &launch(collect, parts.min(codes.tiles)),
            &[
                (&problem(1)).into(),
                (&self.codes.size()[0]).into(),
                (&Pointer::from(&thresholds)).into(),
                (&candidates).into(),
            ],
        )?;
        self.refine(vectors, &rows, codes, &candidates, found)?;
        Ok(counts.narrow(0, 0, n))
    }

    /// Below these no score of the `k` nearest can lie: `[padded]`, from slots `[padded, ..]` of which `rows` count.
    fn thresholds(&self, slots: &Tensor, rows: i64) -> Result<Tensor, CudaError> {
        let &[padded, count] = &slots.size()[..] else { unreachable!("slots are a matrix") };
        let thresholds = Tensor::empty([padded], (Kind::Float, slots.device()));
        self.launcher.launch(
            &warp_for_each(Source::Judge, "threshold", padded),
            &[
                (&Pointer::from(slots)).into(),
                (&(count as i32)).into(),
                (&rows).into(),
                (&padded).into(),
                (&(self.search.k as i32)).into(),
                (&Pointer::from(&thresholds)).into(),
            ],
        )?;
        Ok(thresholds)
    }

    /// Measures the candidates of each row.
    fn refine(
        &self,
        vectors: &Tensor,
        rows: &Images,
        codes: &CodeImages,
        candidates: &Candidates,
        found: &Found,
    ) -> Result<(), CudaError> {
        let n = vectors.size()[0];
        self.launcher.launch(
            &warp_for_each(Source::Judge, "refine", n),
            &[
                (&Pointer::from(vectors)).into(),
                (&Pointer::from(self.codes)).into(),
                (&n).into(),
                (&(self.codes.size()[1] as i32)).into(),
                (&(self.search.k as i32)).into(),
                (&self.is_cosine()).into(),
                (&Pointer::from(&codes.order)).into(),
                (&Pointer::from(&rows.bounds)).into(),
                (&Pointer::from(&codes.images.bounds)).into(),
                candidates.into(),
                (&Pointer::from(&found.ids)).into(),
                (&Pointer::from(&found.distances)).into(),
            ],
        )
    }

    /// Measures every code for each of `vectors`, `[N, D]`.
    fn exhaust(&self, vectors: &Tensor) -> Result<Found, CudaError> {
        let (n, shape) = (vectors.size()[0], self.codes.size());
        let found = Found::new(n, self.search.k, vectors.device());
        if n == 0 {
            return Ok(found);
        }
        let kernel = if vectors.kind() == Kind::Double { "exhaust_f64" } else { "exhaust_f32" };
        let blocks = n.min(8 * self.launcher.limits().multiprocessors);
        self.launcher.launch(
            &Launch { source: Source::Judge, kernel, blocks: [blocks, 1], threads: ROW_THREADS, shared_bytes: 0 },
            &[
                (&Pointer::from(vectors)).into(),
                (&Pointer::from(self.codes)).into(),
                (&n).into(),
                (&shape[0]).into(),
                (&(shape[1] as i32)).into(),
                (&(self.search.k as i32)).into(),
                (&self.is_cosine()).into(),
                (&Pointer::from(&found.ids)).into(),
                (&Pointer::from(&found.distances)).into(),
            ],
        )?;
        Ok(found)
    }

    fn code_images(&self, filter: Filter, frame: &Frame) -> Result<CodeImages, CudaError> {
        let size = self.codes.size()[0];
        let tiles = groups(size, CODE_TILE);
        let padded = tiles * CODE_TILE;
        let order = frame.order(self.codes);
        let offsets = Tensor::empty([padded], (Kind::Float, self.codes.device()));
        let images = self.images(filter, frame, self.codes, padded, Some((&order, &offsets)))?;
        let tile_bounds = images.bounds.view([tiles, CODE_TILE, 4]).amax([1], false); // [tiles, 4]
        Ok(CodeImages { images, tile_bounds, offsets, order, tiles })
    }

    /// Images of `source`, `[rows, D]`, and of as many rows of zeros as make `padded`; codes have an order, `[rows]`, and
    /// get offsets, `[padded]`.
    fn images(
        &self,
        filter: Filter,
        frame: &Frame,
        source: &Tensor,
        padded: i64,
        codes: Option<(&Tensor, &Tensor)>,
    ) -> Result<Images, CudaError> {
        let (device, depth) = (source.device(), depth_of(self.codes));
        let images = Tensor::empty([padded, depth], (filter.kind(), device));
        let bounds = Tensor::empty([padded, 4], (Kind::Float, device));
        let pointer = |tensor: Option<&Tensor>| tensor.map_or(Pointer::NULL, Pointer::from);
        self.launcher.launch(
            &warp_for_each(Source::Prepare, filter.kernels()[0], padded),
            &[
                (&Pointer::from(source)).into(),
                (&source.size()[0]).into(),
                (&padded).into(),
                (&(source.size()[1] as i32)).into(),
                (&(depth as i32)).into(),
                (&pointer(codes.map(|(order, _)| order))).into(),
                (&pointer(frame.center.as_ref())).into(),
                (&pointer(frame.scale.as_ref())).into(),
                (&self.is_cosine()).into(),
                (&Pointer::from(&images)).into(),
                (&Pointer::from(&bounds)).into(),
                (&pointer(codes.map(|(_, offsets)| offsets))).into(),
            ],
        )?;
        Ok(Images { images, bounds })
    }

    /// As the kernels take it.
    fn is_cosine(&self) -> i32 {
        (self.search.distance == Distance::Cosine).into()
    }
}

/// A kernel that gives a warp to each of `rows`.
fn warp_for_each(source: Source, kernel: &'static str, rows: i64) -> Launch {
    Launch { source, kernel, blocks: [groups(rows, ROW_WARPS), 1], threads: ROW_THREADS, shared_bytes: 0 }
}

/// The first pass looks at every so manieth tile of codes.
///
/// About `k * step` codes reach the `k`-th best of a sample of one in `step`: 16 at most, far below [`CAPACITY`].
fn sample_step(k: i64) -> i64 {
    match k {
        ..=2 => 4,
        3..=4 => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::filter::Staging;
    use super::*;
    use crate::cuda::Emulator;
    use crate::nearest_codes;
    use crate::search::candidates::MOST_NEAREST;
    use crate::search::hard;

    fn matrix(numbers: &[f32], width: usize) -> Tensor {
        Tensor::from_slice(numbers).view([-1, width as i64])
    }

    /// A task in so small parts that there are several.
    fn task<'a>(launcher: &'a Emulator, codes: &'a Tensor, search: Search) -> Task<'a> {
        Task { launcher, codes, search, rows_at_once: 200 }
    }

    /// Runs the filters on the emulator and holds every bit against the CPU.
    fn check(vectors: &Tensor, codes: &Tensor, search: Search, filters: &[Filter]) {
        let expected = nearest_codes(vectors, codes, search).unwrap();
        let found = task(&Emulator::default(), codes, search).decide(vectors, filters).unwrap();
        let distances = found.distances.to_kind(vectors.kind());
        assert!(found.ids.equal(&expected.indices), "{filters:?}: {:?}, not {:?}", found.ids, expected.indices);
        assert!(distances.equal(&expected.distances), "{filters:?}: {distances:?}, not {:?}", expected.distances);
    }

    /// Every way to lay out the first filter, and the second alone.
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
        fn kernels_find_what_the_cpu_finds(
            seed in any::<u64>(),
            kinds in (0_usize..10, 0_usize..10),
            n in 3_usize..300,
            size in 1_usize..700,
            width in prop_oneof![1_usize..20, 30_usize..70, Just(130)],
            // Thresholds are tightest for one.
            k in prop_oneof![Just(1_usize), 1_usize..=MOST_NEAREST],
            cosine in any::<bool>(),
        ) {
            let (vectors, codes) = hard::pair(kinds, seed, [n, size], width);
            let (vectors, codes) = (matrix(&vectors, width), matrix(&codes, width));
            let distance = if cosine { Distance::Cosine } else { Distance::L2 };
            let search = Search { k: k.min(size) as i64, distance };
            let filters = all_filters(&codes);
            check(&vectors, &codes, search, &[filters[seed as usize % filters.len()]]);
            if seed % 8 == 0 {
                check(&vectors, &codes, search, &Filter::cascade(Emulator::default().limits, &codes));
                check(&vectors, &codes, search, &[]);
            }
        }
    }

    #[test]
    fn doubles_are_searched_as_on_the_cpu() {
        for distance in [Distance::L2, Distance::Cosine] {
            let (vectors, codes) = hard::pair((1, 1), 2, [30, 100], 13);
            let [vectors, codes] = [vectors, codes].map(|numbers| matrix(&numbers, 13).to_kind(Kind::Double) / 3.0);
            assert_eq!(Filter::cascade(Emulator::default().limits, &codes), []);
            check(&vectors, &codes, Search { k: 3, distance }, &[]);
        }
    }

    #[test]
    fn no_vectors_have_no_codes() {
        let codes = matrix(&hard::numbers(0, 1, 100, 4), 4);
        check(&codes.narrow(0, 0, 0), &codes, Search::default(), &Filter::cascade(Emulator::default().limits, &codes));
    }

    #[test]
    fn a_filter_decides_ordinary_rows() {
        // The exhaustive search would hide a filter that gives up; here it must not be needed.
        for (kind, k) in [(0, 1), (0, 2), (1, 4), (1, 16), (9, 1)] {
            let width = 24;
            let vectors = matrix(&hard::numbers(if kind == 9 { 0 } else { kind }, 3, 200, width), width);
            let codes = matrix(&hard::numbers(kind, 4, 3000, width), width);
            let launcher = Emulator::default();
            let task = task(&launcher, &codes, Search { k, ..Default::default() });
            let frame = Frame::new(Distance::L2, &codes);
            for filter in all_filters(&codes) {
                let found = Found::new(200, k, Device::Cpu);
                let counts = task.filter(filter, &frame, &task.code_images(filter, &frame).unwrap(), &vectors, &found);
                let most = counts.unwrap().max().int64_value(&[]);
                assert!(most <= CAPACITY, "{filter:?} keeps {most} of 3000 codes of kind {kind} for k = {k}");
            }
        }
    }

    #[test]
    fn constants_are_those_of_the_kernels() {
        let source = |source: Source| source.text();
        let holds = |text: &str, name: &str, value: i64| {
            let line = format!("constexpr int {name} = {value};");
            assert!(text.contains(&line), "no kernel says `{line}`");
        };
        holds(&source(Source::Judge), "CODE_TILE", CODE_TILE);
        holds(&source(Source::Judge), "CAPACITY", CAPACITY);
        holds(&source(Source::Judge), "SLOTS", SLOTS);
        holds(&source(Source::Judge), "PER_LANE", MOST_BOUND_PARTS * SLOTS / WARP);
        holds(&source(Source::FilterBf16), "ROW_TILE", Filter::BF16_ROWS);
        holds(&source(Source::FilterBf16), "THREADS", Filter::THREADS.into());
    }
}
