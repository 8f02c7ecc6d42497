//! Counts of codes as TensorBoard's histogram.

use super::proto::Buckets;

/// TensorBoard shows some thirty; more than this only makes files large.
const MOST: usize = 256;

/// Ids `0..counts.len()` as values, each as often as it was counted, in at most [`MOST`] buckets of equal width.
///
/// A bucket of ids `a..b` reaches from `a - 0.5` to `b - 0.5`, so that each id lies inside its own.
pub(super) fn of(counts: &[i64]) -> Buckets {
    let width = counts.len().div_ceil(MOST).max(1);
    let weighted = |power: i32| -> f64 {
        let value = |(id, &count): (usize, &i64)| count as f64 * (id as f64).powi(power);
        counts.iter().enumerate().map(value).sum()
    };
    let limit = |bucket: usize| ((bucket + 1) * width).min(counts.len()) as f64 - 0.5;
    Buckets {
        min: -0.5,
        max: counts.len() as f64 - 0.5,
        number: weighted(0),
        sum: weighted(1),
        sum_squares: weighted(2),
        limits: (0..counts.len().div_ceil(width)).map(limit).collect(),
        counts: counts.chunks(width).map(|chunk| chunk.iter().sum::<i64>() as f64).collect(),
    }
}
