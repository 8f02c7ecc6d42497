//! Shift, scale and order of the codes in the filters on a GPU.

use tch::{Kind, Tensor};

use crate::distance::Distance;

/// Codes in the sample that determines shift and scale.
const SAMPLE: i64 = 63;

/// A shift and a scale of vectors and codes that make bfloat16 as accurate as possible. They do not change any ranking.
pub(super) struct Centering {
    /// `[D]`, `Double`, approximately the center of the codes. `None` for the cosine, as is the scale.
    pub(super) center: Option<Tensor>,
    /// `[1]`, `Double`, scales typical codes to a norm near one.
    pub(super) scale: Option<Tensor>,
}

impl Centering {
    /// Computes shift and scale from a sample of the codes, `[K, D]`.
    pub(super) fn new(distance: Distance, codes: &Tensor) -> Self {
        if distance == Distance::Cosine {
            return Self { center: None, scale: None };
        }
        let stride = (codes.size()[0] / SAMPLE).max(1);
        let sample = codes.slice(0, 0, stride * SAMPLE, stride).to_kind(Kind::Double); // [63 at most, D]
        let center = sample.median_dim(0, false).0; // [D]
        let norms = (sample - &center).square().sum_dim_intlist(1, false, Kind::Double).sqrt();
        let scale = (-norms.median().log2().round()).exp2().reshape([1]);
        // If all codes are equal, the norm is zero.
        let scale = scale.where_scalarother(&scale.isfinite(), 1.0);
        Self { center: Some(center), scale: Some(scale) }
    }

    /// The ids of codes, `[K, D]`, in the order in which the filters scan them: `[K]`, `Int64`.
    ///
    /// Codes with the largest norm come first, so that the codes of a tile have similar margins; in a collapsed
    /// codebook, the margins of a few long codes would otherwise apply to the many short, dead ones. Codes of similar
    /// norm are shuffled with a fixed stride, so that any part of the tiles is a fair sample.
    pub(super) fn order(&self, codes: &Tensor) -> Tensor {
        let size = codes.size()[0];
        let shuffled = (Tensor::arange(size, (Kind::Int64, codes.device())) * coprime_stride(size)).remainder(size);
        let Some(center) = &self.center else { return shuffled };
        let squares = (codes - center.to_kind(Kind::Float)).square().sum_dim_intlist(1, false, Kind::Double); // [K]
        // A class is a quarter of an octave.
        let classes = (squares.log2() * 2.0).floor().index_select(0, &shuffled);
        shuffled.index_select(0, &classes.argsort_stable(true, 0, true))
    }
}

/// Approximately `0.618 * size`, coprime to `size`.
fn coprime_stride(size: i64) -> i64 {
    fn divisor(left: i64, right: i64) -> i64 {
        if right == 0 { left } else { divisor(right, left % right) }
    }
    let golden = (size as f64 * 0.618_033_988_749_895) as i64;
    (golden.max(1)..).find(|&stride| divisor(stride, size) == 1).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_a_permutation() {
        for size in 1..300 {
            let stride = coprime_stride(size);
            let mut seen: Vec<i64> = (0..size).map(|position| position * stride % size).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..size).collect::<Vec<_>>());
        }
    }
}
