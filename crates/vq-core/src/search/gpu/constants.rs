//! Constants shared with the kernels. A test compares them.

/// Threads of a warp.
pub(super) const WARP: i64 = 32;

/// Codes of a tile, as in `kernels/common.cuh`.
pub(super) const CODE_TILE: i64 = 128;

/// Largest number of candidates of a row, as in `kernels/common.cuh`.
pub(super) const CAPACITY: i64 = 64;

/// Bounds per row and block of a filter, as in `kernels/common.cuh`.
pub(super) const SLOTS: i64 = 16;

/// Largest number of parts of the codes in the first pass: `threshold` in `kernels/rescore.cu` reads 256 slots of a
/// row.
pub(super) const MAX_BOUND_PARTS: i64 = 16;
