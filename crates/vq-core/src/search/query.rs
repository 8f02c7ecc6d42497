//! Input and output of a search.

use tch::Tensor;

use crate::distance::Distance;

/// Largest number of codes that a search returns for a vector.
pub(super) const MAX_NEIGHBORS: usize = 16;

/// Options of [`nearest_codes`](crate::nearest_codes).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchConfig {
    /// Number of codes returned for each vector, 1 to 16.
    pub k: i64,
    /// The distance between vectors and codes.
    pub distance: Distance,
}

impl Default for SearchConfig {
    fn default() -> Self {
        Self { k: 1, distance: Distance::L2 }
    }
}

/// The `k` nearest codes of each vector, nearest first.
#[derive(Debug)]
pub struct Neighbors {
    /// `[N, k]`, `Int64`, each in `0..K`.
    pub indices: Tensor,
    /// `[N, k]`, squared Euclidean distances or one minus cosines; `Double` if an input is, otherwise `Float`.
    pub distances: Tensor,
}
