//! Launches the kernels of a search.

use tch::{Kind, Tensor};

use super::buffers::{CandidateLists, FilterInput, PackedCodes, PackedRows, Results};
use super::centering::Centering;
use super::constants::{CAPACITY, CODE_TILE, MAX_BOUND_PARTS, SLOTS, WARP};
use super::filter::{Filter, depth_of};
use crate::distance::Distance;
use crate::kernels::{CudaError, Launch, Launcher, Pointer, Source, groups};
use crate::search::query::{Neighbors, SearchConfig};

/// Warps and threads of a block in kernels with one warp per row.
const ROW_WARPS: i64 = 8;
const ROW_THREADS: u32 = (WARP * ROW_WARPS) as u32;

/// Rows that are packed at once.
const ROWS_AT_ONCE: i64 = 1 << 16;

/// Finds the `k` nearest of the `codes` `[K, D]` for each of `vectors` `[N, D]`. Both are contiguous, finite and of the
/// same dtype, `Float` or `Double`.
pub(in crate::search) fn search(
    launcher: &dyn Launcher,
    vectors: &Tensor,
    codes: &Tensor,
    config: SearchConfig,
) -> Result<Neighbors, CudaError> {
    let filters = Filter::cascade(launcher.limits(), codes);
    let results = Task { launcher, codes, config, rows_at_once: ROWS_AT_ONCE }.decide(vectors, &filters)?;
    Ok(Neighbors { indices: results.ids, distances: results.distances.to_kind(vectors.kind()) })
}

/// A search in `codes`, `[K, D]`.
pub(super) struct Task<'a> {
    pub(super) launcher: &'a dyn Launcher,
    pub(super) codes: &'a Tensor,
    pub(super) config: SearchConfig,
    pub(super) rows_at_once: i64,
}

impl Task<'_> {
    /// Finds the nearest codes of all `vectors`, `[N, D]`.
    pub(super) fn decide(&self, vectors: &Tensor, filters: &[Filter]) -> Result<Results, CudaError> {
        let n = vectors.size()[0];
        let few = n <= self.launcher.limits().multiprocessors / 2;
        let Some((&filter, finer)) = filters.split_first().filter(|_| !few) else {
            return self.exhaustive(vectors);
        };
        let centering = Centering::new(self.config.distance, self.codes);
        let codes = self.pack_codes(filter, &centering)?;
        let mut results = Results::new(n, self.config.k, vectors.device());
        let mut counts = Vec::new();
        for first in (0..n).step_by(self.rows_at_once as usize) {
            let rows = self.rows_at_once.min(n - first);
            let (vectors, results) = (vectors.narrow(0, first, rows), results.part(first, rows));
            counts.push(self.filter(filter, &centering, &codes, &vectors, &results)?);
        }
        let undecided = Tensor::cat(&counts, 0).gt(CAPACITY).nonzero().squeeze_dim(1); // [undecided rows]
        if undecided.size()[0] > 0 {
            results.replace(&undecided, &self.decide(&vectors.index_select(0, &undecided), finer)?);
        }
        Ok(results)
    }

    /// Searches `vectors`, `[N, D]`, with one filter. Returns the number of candidates of each row, `[N]`, `Int`; rows
    /// with more than [`CAPACITY`] are undecided.
    pub(super) fn filter(
        &self,
        filter: Filter,
        centering: &Centering,
        codes: &PackedCodes,
        vectors: &Tensor,
        results: &Results,
    ) -> Result<Tensor, CudaError> {
        let device = vectors.device();
        let (n, k) = (vectors.size()[0], self.config.k);
        let row_tiles = groups(n, filter.row_tile());
        let padded = row_tiles * filter.row_tile();
        let rows = self.pack(filter, centering, vectors, padded, None)?;
        let staging = filter.staging();
        let input = |step: i64| FilterInput {
            rows: (&rows.packed).into(),
            codes: (&codes.packed.packed).into(),
            row_bounds: (&rows.bounds).into(),
            code_bounds: (&codes.packed.bounds).into(),
            tile_bounds: (&codes.tile_bounds).into(),
            offsets: (&codes.offsets).into(),
            depth: rows.packed.size()[1] as i32,
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
        // Enough blocks that the last wave is a small part of them.
        let parts = groups(4 * self.launcher.limits().multiprocessors, row_tiles);

        let step = sample_step(k);
        let sampled = groups(codes.tiles, step);
        // A slot holds one code. With few slots per k, the k-th best slot is far below the k-th best code.
        let bound_parts = parts.max(groups(k, 2)).clamp(1, sampled.min(MAX_BOUND_PARTS));
        let slots = Tensor::empty([padded, bound_parts * SLOTS], (Kind::Float, device));
        self.launcher.launch(&launch(bound, bound_parts), &[(&input(step)).into(), (&Pointer::from(&slots)).into()])?;
        let thresholds = self.thresholds(&slots, n)?;

        let counts = Tensor::zeros([padded], (Kind::Int, device));
        let positions = Tensor::empty([padded, CAPACITY], (Kind::Int, device));
        let scores = Tensor::empty([padded, CAPACITY], (Kind::Float, device));
        let candidates =
            CandidateLists { counts: (&counts).into(), positions: (&positions).into(), scores: (&scores).into() };
        self.launcher.launch(
            &launch(collect, parts.min(codes.tiles)),
            &[
                (&input(1)).into(),
                (&self.codes.size()[0]).into(),
                (&Pointer::from(&thresholds)).into(),
                (&candidates).into(),
            ],
        )?;
        self.rescore(vectors, &rows, codes, &candidates, results)?;
        Ok(counts.narrow(0, 0, n))
    }

    /// Lower bounds of the scores of the `k` nearest codes: `[padded]`, from slots `[padded, ..]` of which `rows` are
    /// in use.
    fn thresholds(&self, slots: &Tensor, rows: i64) -> Result<Tensor, CudaError> {
        let &[padded, count] = &slots.size()[..] else { unreachable!("slots are a matrix") };
        let thresholds = Tensor::empty([padded], (Kind::Float, slots.device()));
        self.launcher.launch(
            &warp_for_each(Source::Rescore, "threshold", padded),
            &[
                (&Pointer::from(slots)).into(),
                (&(count as i32)).into(),
                (&rows).into(),
                (&padded).into(),
                (&(self.config.k as i32)).into(),
                (&Pointer::from(&thresholds)).into(),
            ],
        )?;
        Ok(thresholds)
    }

    /// Computes the exact distances of the candidates of each row.
    fn rescore(
        &self,
        vectors: &Tensor,
        rows: &PackedRows,
        codes: &PackedCodes,
        candidates: &CandidateLists,
        results: &Results,
    ) -> Result<(), CudaError> {
        let n = vectors.size()[0];
        self.launcher.launch(
            &warp_for_each(Source::Rescore, "rescore", n),
            &[
                (&Pointer::from(vectors)).into(),
                (&Pointer::from(self.codes)).into(),
                (&n).into(),
                (&(self.codes.size()[1] as i32)).into(),
                (&(self.config.k as i32)).into(),
                (&self.is_cosine()).into(),
                (&Pointer::from(&codes.order)).into(),
                (&Pointer::from(&rows.bounds)).into(),
                (&Pointer::from(&codes.packed.bounds)).into(),
                candidates.into(),
                (&Pointer::from(&results.ids)).into(),
                (&Pointer::from(&results.distances)).into(),
            ],
        )
    }

    /// Computes all exact distances of each of `vectors`, `[N, D]`.
    fn exhaustive(&self, vectors: &Tensor) -> Result<Results, CudaError> {
        let (n, shape) = (vectors.size()[0], self.codes.size());
        let results = Results::new(n, self.config.k, vectors.device());
        if n == 0 {
            return Ok(results);
        }
        let kernel = if vectors.kind() == Kind::Double { "exhaustive_f64" } else { "exhaustive_f32" };
        let blocks = n.min(8 * self.launcher.limits().multiprocessors);
        self.launcher.launch(
            &Launch { source: Source::Rescore, kernel, blocks: [blocks, 1], threads: ROW_THREADS, shared_bytes: 0 },
            &[
                (&Pointer::from(vectors)).into(),
                (&Pointer::from(self.codes)).into(),
                (&n).into(),
                (&shape[0]).into(),
                (&(shape[1] as i32)).into(),
                (&(self.config.k as i32)).into(),
                (&self.is_cosine()).into(),
                (&Pointer::from(&results.ids)).into(),
                (&Pointer::from(&results.distances)).into(),
            ],
        )?;
        Ok(results)
    }

    /// Packs the codes for a filter.
    pub(super) fn pack_codes(&self, filter: Filter, centering: &Centering) -> Result<PackedCodes, CudaError> {
        let size = self.codes.size()[0];
        let tiles = groups(size, CODE_TILE);
        let padded = tiles * CODE_TILE;
        let order = centering.order(self.codes);
        let offsets = Tensor::empty([padded], (Kind::Float, self.codes.device()));
        let packed = self.pack(filter, centering, self.codes, padded, Some((&order, &offsets)))?;
        let tile_bounds = packed.bounds.view([tiles, CODE_TILE, 4]).amax([1], false); // [tiles, 4]
        Ok(PackedCodes { packed, tile_bounds, offsets, order, tiles })
    }

    /// Packs `source`, `[rows, D]`, padded with rows of zeros to `padded`. Codes have an order, `[rows]`, and get
    /// offsets, `[padded]`.
    fn pack(
        &self,
        filter: Filter,
        centering: &Centering,
        source: &Tensor,
        padded: i64,
        codes: Option<(&Tensor, &Tensor)>,
    ) -> Result<PackedRows, CudaError> {
        let (device, depth) = (source.device(), depth_of(self.codes));
        let packed = Tensor::empty([padded, depth], (filter.kind(), device));
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
                (&pointer(centering.center.as_ref())).into(),
                (&pointer(centering.scale.as_ref())).into(),
                (&self.is_cosine()).into(),
                (&Pointer::from(&packed)).into(),
                (&Pointer::from(&bounds)).into(),
                (&pointer(codes.map(|(_, offsets)| offsets))).into(),
            ],
        )?;
        Ok(PackedRows { packed, bounds })
    }

    /// The distance, as the kernels take it.
    fn is_cosine(&self) -> i32 {
        (self.config.distance == Distance::Cosine).into()
    }
}

/// A kernel with one warp per row.
fn warp_for_each(source: Source, kernel: &'static str, rows: i64) -> Launch {
    Launch { source, kernel, blocks: [groups(rows, ROW_WARPS), 1], threads: ROW_THREADS, shared_bytes: 0 }
}

/// The first pass scans one in this many tiles of codes.
///
/// About `k * step` codes reach the `k`-th best of a sample of one in `step`: at most 16, far below [`CAPACITY`].
fn sample_step(k: i64) -> i64 {
    match k {
        ..=2 => 4,
        3..=4 => 2,
        _ => 1,
    }
}
