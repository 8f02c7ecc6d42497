//! Shift and scale of vectors, so that low-precision products are as accurate as possible.
#![allow(clippy::needless_range_loop, reason = "a lane is an index into several arrays")]

use std::hint::black_box;

use super::exact::Real;
use crate::distance::Distance;

/// Elements that are processed together: vectors are padded with zeros to a multiple.
pub(super) const LANES: usize = 16;

/// A shift and a scale of vectors and codes, which does not change any ranking.
pub(super) struct Centering {
    distance: Distance,
    /// A power of two that scales typical codes to a norm near one.
    scale: f64,
    /// `[D]`, approximately the center of the codes, scaled. L2 distances do not depend on the origin, but products do.
    center: Vec<f64>,
}

// `black_box` around partial sums: without it, the compiler would keep them in pairs instead of vectors.

/// Sums over a centered vector `v`.
pub(super) struct CenteredSums {
    /// `v.v`
    pub(super) square: f64,
    /// `v.center`
    pub(super) dot_center: f64,
}

impl Centering {
    /// Computes shift and scale from a sample of the codes `[K, D]`.
    ///
    /// They are the elementwise median and the median norm, because in a collapsed codebook a few codes are far longer
    /// than the many dead ones.
    pub(super) fn new<T: Real>(distance: Distance, codes: &[T], dim: usize) -> Self {
        const SAMPLE: usize = 63;
        let stride = (codes.len() / dim).div_ceil(SAMPLE);
        let sample: Vec<Vec<f64>> = codes
            .chunks_exact(dim)
            .step_by(stride)
            .map(|code| {
                let scale = unit_scale(distance, code);
                code.iter().map(|&value| value.into() * scale).collect()
            })
            .collect();
        let mut center: Vec<f64> = (0..dim).map(|element| median(sample.iter().map(|code| code[element]))).collect();
        let square = |code: &Vec<f64>| code.iter().zip(&center).map(|(value, center)| (value - center).powi(2)).sum();
        let scale = match median(sample.iter().map(square)).sqrt().log2().round() {
            exponent if exponent.is_finite() => (-exponent).exp2(),
            _ => 1.0,
        };
        center.iter_mut().for_each(|center| *center *= scale);
        Self { distance, scale, center }
    }

    /// The distance of the search.
    pub(super) fn distance(&self) -> Distance {
        self.distance
    }

    /// Number of elements of a vector.
    pub(super) fn dim(&self) -> usize {
        self.center.len()
    }

    /// Length of a centered vector, padded to a multiple of [`LANES`].
    pub(super) fn padded_dim(&self) -> usize {
        self.dim().next_multiple_of(LANES)
    }

    /// Bound of the rounding error of the exact distance (see [`super::exact`]), as a sum of two parts that depend on
    /// the norm of the vector and of the code: a sum of rounded squares is at most twice the sum of both squared norms.
    pub(super) fn exact_rounding(&self, norm: f64) -> f64 {
        let square = match self.distance {
            Distance::L2 => norm * norm,
            Distance::Cosine => self.scale * self.scale,
        };
        (self.dim() + 8) as f64 * 8.0 * f64::EPSILON * square
    }

    /// Shifts and scales `vector`: `out` is `[D]`, rounded to f32, with zeros up to a multiple of [`LANES`].
    #[inline(always)]
    pub(super) fn apply<T: Real>(&self, vector: &[T], out: &mut [f32]) -> CenteredSums {
        let scale = self.scale * unit_scale(self.distance, vector);
        let (mut square, mut dot_center) = ([0.0; LANES], [0.0; LANES]);
        let mut add = |lane: usize, out: &mut f32, value: T, center: f64| {
            let value = value.into() * scale - center;
            square[lane] += value * value;
            dot_center[lane] += value * center;
            *out = value as f32;
        };
        let (vectors, vector_rest) = vector.as_chunks::<LANES>();
        let (centers, center_rest) = self.center.as_chunks::<LANES>();
        let outs = out.as_chunks_mut::<LANES>().0;
        for ((out, vector), center) in outs.iter_mut().zip(vectors).zip(centers) {
            for lane in 0..LANES {
                add(lane, &mut out[lane], vector[lane], center[lane]);
            }
        }
        let out_rest = outs.get_mut(vectors.len()).into_iter().flatten();
        for (lane, ((out, &value), &center)) in out_rest.zip(vector_rest).zip(center_rest).enumerate() {
            add(lane, out, value, center);
        }
        CenteredSums { square: black_box(square).iter().sum(), dot_center: black_box(dot_center).iter().sum() }
    }

    /// The norm of a centered vector, rounded to f32.
    #[inline(always)]
    pub(super) fn norm<T: Real>(&self, vector: &[T], scratch: &mut Vec<f32>) -> f32 {
        scratch.clear();
        scratch.resize(self.padded_dim(), 0.0);
        self.apply(vector, scratch).square.sqrt() as f32
    }
}

/// The median.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    let half = values.len() / 2;
    *values.select_nth_unstable_by(half, f64::total_cmp).1
}

/// One for L2, one over the norm for the cosine; zero for a zero vector.
#[inline(always)]
fn unit_scale<T: Real>(distance: Distance, vector: &[T]) -> f64 {
    match distance {
        Distance::L2 => 1.0,
        Distance::Cosine => {
            let (parts, rest) = vector.as_chunks::<LANES>();
            let mut lanes = [0.0; LANES];
            for part in parts {
                for lane in 0..LANES {
                    lanes[lane] += part[lane].into() * part[lane].into();
                }
            }
            let square = rest.iter().map(|&value| value.into() * value.into()).chain(lanes).sum::<f64>();
            if square > 0.0 { 1.0 / square.sqrt() } else { 0.0 }
        }
    }
}
