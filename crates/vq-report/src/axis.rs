//! Axes of charts.

use vq_run::ChartScale;

/// The ratio of largest to smallest value from which values are far apart.
const WIDE: f64 = 12.0;

/// Decades up to which each is marked.
const MOST_DECADES: i32 = 8;

/// An axis from `low` to `high`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    low: f64,
    high: f64,
    logarithmic: bool,
    /// Values to be marked, in ascending order, all on the axis.
    pub(crate) ticks: Vec<f64>,
}

impl Axis {
    /// An axis for finite values between `low` and `high`, with about `marks` ticks.
    pub(crate) fn new(low: f64, high: f64, scale: ChartScale, marks: usize) -> Self {
        if scale == ChartScale::LogIfWide && low > 0.0 && high / low >= WIDE {
            return Self::logarithmic(low, high);
        }
        let low = if scale == ChartScale::FromZero { low.min(0.0) } else { low };
        // A flat curve lies in the middle.
        let pad = if high > low { 0.0 } else { (high.abs() * 0.1).max(1e-6) };
        let (low, high) = (if scale == ChartScale::FromZero { low } else { low - pad }, high + pad);
        let step = round_step((high - low) / marks.max(1) as f64);
        // The curve ends between two ticks rather than at the edge: the highest is always marked.
        let (first, last) = ((low / step).floor(), (high / step).ceil());
        let ticks = (0..=(last - first) as usize).map(|tick| (first + tick as f64) * step).collect();
        Self { low: first * step, high: last * step, logarithmic: false, ticks }
    }

    /// An axis that ends exactly at the values, as that of steps does.
    pub(crate) fn exact(low: f64, high: f64, marks: usize) -> Self {
        let high = if high > low { high } else { low + 1.0 };
        let step = round_step((high - low) / marks.max(1) as f64).max(1.0);
        let first = (low / step).ceil() as i64;
        let ticks = (first..=(high / step).floor() as i64).map(|tick| tick as f64 * step).collect();
        Self { low, high, logarithmic: false, ticks }
    }

    fn logarithmic(low: f64, high: f64) -> Self {
        let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
        // Over many decades, only every second, third, .. is marked; the last one reaches beyond `high`.
        let stride = (last - first) / MOST_DECADES + 1;
        let multiples: &[f64] = if high / low > 1e3 { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let decades = (first..last + stride).step_by(stride as usize);
        let marks = decades.flat_map(|decade| multiples.iter().map(move |multiple| multiple * 10_f64.powi(decade)));
        let marks: Vec<f64> = marks.collect();
        let below = marks.iter().rposition(|&mark| mark <= low).unwrap_or(0);
        let above = marks.iter().position(|&mark| mark >= high).unwrap_or(marks.len() - 1);
        let ticks = marks[below..=above].to_vec();
        Self { low: ticks[0], high: ticks[ticks.len() - 1], logarithmic: true, ticks }
    }

    /// The position of a value: 0 at the low end, 1 at the high end.
    pub(crate) fn position(&self, value: f64) -> f64 {
        let coordinate = |value: f64| if self.logarithmic { value.ln() } else { value };
        (coordinate(value) - coordinate(self.low)) / (coordinate(self.high) - coordinate(self.low))
    }
}

/// The smallest of 1, 2, 5 times a power of ten that is not below `step`.
fn round_step(step: f64) -> f64 {
    let decade = 10_f64.powf(step.log10().floor());
    // The tolerance accepts a step that rounding made a little too large.
    [1.0, 2.0, 5.0, 10.0]
        .map(|multiple| multiple * decade)
        .into_iter()
        .find(|&round| round >= step * 0.999_999)
        .unwrap_or(step)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SCALES: [ChartScale; 3] = [ChartScale::Tight, ChartScale::FromZero, ChartScale::LogIfWide];

    #[test]
    fn ticks_are_round() {
        let ticks = |low, high, scale| Axis::new(low, high, scale, 4).ticks;
        assert_eq!(ticks(16.4, 21.8, ChartScale::Tight), [16.0, 18.0, 20.0, 22.0]);
        assert_eq!(ticks(93.0, 99.0, ChartScale::FromZero), [0.0, 50.0, 100.0]);
        assert_eq!(ticks(0.25, 2.0, ChartScale::LogIfWide), [0.0, 0.5, 1.0, 1.5, 2.0], "not wide enough");
        assert_eq!(ticks(0.25, 4.0, ChartScale::LogIfWide), [0.2, 0.5, 1.0, 2.0, 5.0]);
        assert_eq!(ticks(2e-5, 3.0, ChartScale::LogIfWide).len(), 7, "decades alone");
        assert_eq!(ticks(-1.0, 40.0, ChartScale::LogIfWide), [-20.0, 0.0, 20.0, 40.0], "no logarithm of -1");
        assert_eq!(Axis::exact(1.0, 1000.0, 5).ticks, [200.0, 400.0, 600.0, 800.0, 1000.0]);
        assert_eq!(Axis::exact(1.0, 3.0, 5).ticks, [1.0, 2.0, 3.0], "no half steps");
    }

    proptest! {
        #[test]
        fn values_lie_on_the_axis_and_ticks_are_few(
            one in -1e9_f64..1e9, other in prop_oneof![-1e9_f64..1e9, -1e-6_f64..1e-6, Just(0.0)], scale in 0_usize..3,
        ) {
            let (low, high) = (one.min(other), one.max(other));
            for (low, high) in [(low, high), (low, low), (high.abs() + 1e-9, high.abs() * 50.0 + 1e-6)] {
                let axis = Axis::new(low, high, SCALES[scale], 4);
                prop_assert!((2..=12).contains(&axis.ticks.len()), "{axis:?}");
                prop_assert!(axis.ticks.is_sorted());
                for value in [low, high].into_iter().chain(axis.ticks.iter().copied()) {
                    let position = axis.position(value);
                    prop_assert!((-1e-6..=1.0 + 1e-6).contains(&position), "{value} at {position} on {axis:?}");
                }
            }
        }
    }
}
