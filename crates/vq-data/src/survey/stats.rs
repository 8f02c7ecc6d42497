//! Statistics of numbers.

use serde::Serialize;

/// Minimum, median, mean and maximum of some numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ValueStats {
    /// The smallest number.
    pub min: f64,
    /// The median; of an even count, the mean of the two in the middle.
    pub median: f64,
    /// The mean.
    pub mean: f64,
    /// The largest number.
    pub max: f64,
}

impl ValueStats {
    /// The statistics of these numbers; `None` if there are none.
    #[must_use]
    pub fn of(numbers: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = numbers.into_iter().collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let (&min, &max) = (sorted.first()?, sorted.last()?);
        let middle = [(sorted.len() - 1) / 2, sorted.len() / 2].map(|at| sorted[at]);
        Some(Self {
            min,
            median: f64::midpoint(middle[0], middle[1]),
            mean: sorted.iter().sum::<f64>() / sorted.len() as f64,
            max,
        })
    }
}
