//! Device memory of a search, and the structs that the kernels take.

use tch::{Device, Kind, Tensor};

use crate::kernels::{KernelArgument, Pointer};

/// Results of some rows.
pub(super) struct Results {
    /// `[N, k]`, `Int64`.
    pub(super) ids: Tensor,
    /// `[N, k]`, `Double`.
    pub(super) distances: Tensor,
}

impl Results {
    pub(super) fn new(rows: i64, k: i64, device: Device) -> Self {
        Self {
            ids: Tensor::empty([rows, k], (Kind::Int64, device)),
            distances: Tensor::empty([rows, k], (Kind::Double, device)),
        }
    }

    /// The results of a range of rows, in the same memory.
    pub(super) fn part(&self, first: i64, rows: i64) -> Self {
        Self { ids: self.ids.narrow(0, first, rows), distances: self.distances.narrow(0, first, rows) }
    }

    /// Writes the results of `rows`, `[M]`.
    pub(super) fn replace(&mut self, rows: &Tensor, results: &Self) {
        let _ = self.ids.index_copy_(0, rows, &results.ids);
        let _ = self.distances.index_copy_(0, rows, &results.distances);
    }
}

/// Packed rows or codes, as a filter reads them.
pub(super) struct PackedRows {
    /// `[padded, depth]`.
    pub(super) packed: Tensor,
    /// `[padded, 4]`, `Float`, the inputs of `margin` in `kernels/common.cuh`.
    pub(super) bounds: Tensor,
}

/// Packed codes in the order of a filter.
pub(super) struct PackedCodes {
    pub(super) packed: PackedRows,
    /// `[tiles, 4]`, `Float`, the elementwise maximum of the bounds of a tile.
    pub(super) tile_bounds: Tensor,
    /// `[padded]`, `Float`, the part of the score that does not depend on the row.
    pub(super) offsets: Tensor,
    /// `[K]`, `Int64`: the id at each position.
    pub(super) order: Tensor,
    pub(super) tiles: i64,
}

/// `FilterInput` of `kernels/common.cuh`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct FilterInput {
    pub(super) rows: Pointer,
    pub(super) codes: Pointer,
    pub(super) row_bounds: Pointer,
    pub(super) code_bounds: Pointer,
    pub(super) tile_bounds: Pointer,
    pub(super) offsets: Pointer,
    pub(super) depth: i32,
    pub(super) tiles: i32,
    pub(super) step: i32,
    pub(super) stages: i32,
    pub(super) resident: i32,
}

/// `CandidateLists` of `kernels/common.cuh`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct CandidateLists {
    pub(super) counts: Pointer,
    pub(super) positions: Pointer,
    pub(super) scores: Pointer,
}

impl KernelArgument for FilterInput {}
impl KernelArgument for CandidateLists {}
