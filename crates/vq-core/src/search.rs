//! Nearest-code search.

use tch::{Kind, Tensor};

use crate::finite::check_finite;
use crate::{CoreError, Distance};

/// At most this many distances are held at once (64 MiB), whatever N and K are.
const DISTANCES_AT_ONCE: i64 = 1 << 24;

/// What to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Search {
    /// How many codes for each vector, 1 to 16.
    pub k: i64,
    /// The distance that is measured.
    pub distance: Distance,
}

impl Default for Search {
    fn default() -> Self {
        Self { k: 1, distance: Distance::L2 }
    }
}

/// The `k` nearest codes of each vector, nearest first.
#[derive(Debug)]
pub struct Nearest {
    /// `[N, k]`, `Int64`, each in `0..K`.
    pub indices: Tensor,
    /// `[N, k]`, squared L2 distances.
    pub distances: Tensor,
}

/// Finds the `k` codes nearest to each vector in squared L2 distance, off the autograd graph.
///
/// `vectors` is `[N, D]`, `codes` is `[K, D]`.
/// The squared length of a vector does not change the order, so it is added after the search.
///
/// # Errors
/// [`CoreError::Shape`] unless both are matrices of one width; [`CoreError::Option`] unless `1 <= k <= K`.
pub fn nearest_codes(vectors: &Tensor, codes: &Tensor, search: Search) -> Result<Nearest, CoreError> {
    let Search { k, distance } = search;
    let (&[n, width], &[size, code_width]) = (&vectors.size()[..], &codes.size()[..]) else {
        let got = if vectors.dim() == 2 { codes.size() } else { vectors.size() };
        return Err(CoreError::Shape { op: "nearest_codes", expected: "[N, D] and [K, D]".into(), got });
    };
    if width != code_width {
        return Err(CoreError::Shape {
            op: "nearest_codes",
            expected: format!("[K, {width}], the width of the vectors"),
            got: codes.size(),
        });
    }
    if !(1..=size).contains(&k) {
        return Err(CoreError::Option {
            op: "nearest_codes",
            expected: format!("1 <= k <= {size}, the number of codes"),
            got: k.to_string(),
        });
    }
    check_finite("nearest_codes", "vectors", vectors)?;
    check_finite("nearest_codes", "codes", codes)?;
    Ok(tch::no_grad(|| search_parts(&distance.prepare(vectors), &distance.prepare(codes), n, k)))
}

fn search_parts(vectors: &Tensor, codes: &Tensor, n: i64, k: i64) -> Nearest {
    let size = codes.size()[0];
    let code_norms = codes.square().sum_dim_intlist(1, false, Kind::Float); // [K]
    let codes_t = codes.transpose(0, 1) * -2.0; // [D, K]
    let rows = (DISTANCES_AT_ONCE / size).clamp(1, n.max(1));
    let mut indices = Vec::new();
    let mut distances = Vec::new();
    for chunk in vectors.split(rows, 0) {
        let shifted = code_norms.addmm(&chunk, &codes_t); // [rows, K], |e|^2 - 2 z.e
        let (found, ids) = match k {
            1 => shifted.min_dim(1, true),
            _ => shifted.topk(k, 1, false, true),
        };
        let own = chunk.square().sum_dim_intlist(1, true, Kind::Float); // [rows, 1]
        distances.push((found + own).clamp_min(0.0));
        indices.push(ids);
    }
    Nearest { indices: Tensor::cat(&indices, 0), distances: Tensor::cat(&distances, 0) }
}
