//! The exact distance, in f64.
#![allow(clippy::needless_range_loop, reason = "a lane is an index into several arrays")]

use crate::distance::Distance;

/// A number that converts to f64 exactly.
pub(in crate::search) trait Real: Copy + Sync + Into<f64> {}

impl Real for f32 {}
impl Real for f64 {}

/// Number of partial sums (see [`fold`]).
const LANES: usize = 8;

/// The distance between a vector and a code, `[D]` both.
///
/// This function is inlined into callers that are compiled for different instruction sets. The results are equal on
/// all, because the order of operations is fixed and each is rounded as IEEE 754 requires.
#[inline(always)]
pub(super) fn distance<T: Real>(distance: Distance, vector: &[T], code: &[T]) -> f64 {
    match distance {
        Distance::L2 => fold(vector, code, |z, e, sum| (z - e).mul_add(z - e, sum)),
        Distance::Cosine => {
            let dot = fold(vector, code, f64::mul_add);
            let squares = fold(vector, vector, f64::mul_add) * fold(code, code, f64::mul_add);
            // The cosine with a zero vector is taken as zero.
            if squares == 0.0 { 1.0 } else { 1.0 - dot / squares.sqrt() }
        }
    }
}

/// Sums `step` over the elements: element `d` is added to partial sum `d % 8`, in increasing `d`, with one rounding per
/// step; the result is `((p0 + p4) + (p2 + p6)) + ((p1 + p5) + (p3 + p7))`.
///
/// `kernels/rescore.cu` uses the same order, so that ids and distances agree bit for bit.
#[inline(always)]
fn fold<T: Real>(left: &[T], right: &[T], step: impl Fn(f64, f64, f64) -> f64) -> f64 {
    let mut p = [0.0; LANES];
    let (left, left_rest) = left.as_chunks::<LANES>();
    let (right, right_rest) = right.as_chunks::<LANES>();
    for (left, right) in left.iter().zip(right) {
        for lane in 0..LANES {
            p[lane] = step(left[lane].into(), right[lane].into(), p[lane]);
        }
    }
    for (lane, (&left, &right)) in left_rest.iter().zip(right_rest).enumerate() {
        p[lane] = step(left.into(), right.into(), p[lane]);
    }
    // Without the black box, the compiler would keep the partial sums in pairs instead of one vector.
    let p = std::hint::black_box(p);
    ((p[0] + p[4]) + (p[2] + p[6])) + ((p[1] + p[5]) + (p[3] + p[7]))
}
