//! Where the filters on a GPU see the codes, and in which order.

use tch::{Kind, Tensor};

use crate::Distance;

/// Codes that are looked at to find the middle of them.
const SAMPLE: i64 = 63;

/// Where the filters move vectors, so that bfloat16 is most precise; no ranking changes by it.
pub(super) struct Frame {
    /// `[D]`, `Double`: about the middle of the codes. Cosines have none, nor a scale.
    pub(super) center: Option<Tensor>,
    /// `[1]`, `Double`: brings typical codes near length one.
    pub(super) scale: Option<Tensor>,
}

impl Frame {
    /// Looks at a sample of the codes, `[K, D]`.
    pub(super) fn new(distance: Distance, codes: &Tensor) -> Self {
        if distance == Distance::Cosine {
            return Self { center: None, scale: None };
        }
        let stride = (codes.size()[0] / SAMPLE).max(1);
        let sample = codes.slice(0, 0, stride * SAMPLE, stride).to_kind(Kind::Double); // [63 at most, D]
        let center = sample.median_dim(0, false).0; // [D]
        let lengths = (sample - &center).square().sum_dim_intlist(1, false, Kind::Double).sqrt();
        let scale = (-lengths.median().log2().round()).exp2().reshape([1]);
        // Codes that are all alike have no length.
        let scale = scale.where_scalarother(&scale.isfinite(), 1.0);
        Self { center: Some(center), scale: Some(scale) }
    }

    /// The ids of codes, `[K, D]`, in the order in which the filters see them: `[K]`, `Int64`.
    ///
    /// The longest come first, so that the margins of a tile are all alike: dead codes, which are often short, would
    /// drown beside long ones. Among codes of similar length, neighbours are spread out, so that any part of the tiles
    /// is a fair sample.
    pub(super) fn order(&self, codes: &Tensor) -> Tensor {
        let size = codes.size()[0];
        let spread = (Tensor::arange(size, (Kind::Int64, codes.device())) * spreading_stride(size)).remainder(size);
        let Some(center) = &self.center else { return spread };
        let squares = (codes - center.to_kind(Kind::Float)).square().sum_dim_intlist(1, false, Kind::Double); // [K]
        // A quarter of an octave is one class.
        let classes = (squares.log2() * 2.0).floor().index_select(0, &spread);
        spread.index_select(0, &classes.argsort_stable(true, 0, true))
    }
}

/// About 0.618 `size`, without a common divisor.
fn spreading_stride(size: i64) -> i64 {
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
    fn positions_name_each_code_once() {
        for size in 1..300 {
            let stride = spreading_stride(size);
            let mut seen: Vec<i64> = (0..size).map(|position| position * stride % size).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..size).collect::<Vec<_>>());
        }
    }
}
