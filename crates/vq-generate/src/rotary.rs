//! Positions as turns of queries and keys.

use tch::{Device, Kind, Tensor};

/// Where a token lies: row and column, or nowhere.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) row: i64,
    pub(crate) column: i64,
}

/// Base of the angles. Grids have far fewer rows than texts have words, and arXiv 2403.13298 takes 100 for them.
const BASE: f64 = 100.0;

/// Turns pairs of features by angles that grow with row and column (RoFormer, arXiv 2104.09864, equation 34; axial, as
/// in arXiv 2403.13298): of the pairs of a head, the first half turns by the row, the second by the column.
///
/// Feature `i` and feature `i + F / 2` of a head of `F` features are a pair.
#[derive(Debug)]
pub(crate) struct Rotary {
    /// `[L, F]`.
    cosines: Tensor,
    /// `[L, F]`, negative in the first half.
    sines: Tensor,
}

impl Rotary {
    /// For heads of `features`, a multiple of 4; a token of no place is not turned.
    pub(crate) fn new(places: &[Option<Place>], features: i64, device: Device) -> Self {
        let pairs = features / 4;
        let speeds: Vec<f64> = (0..pairs).map(|pair| BASE.powf(-(pair as f64) / pairs as f64)).collect();
        let angles: Vec<f64> = places
            .iter()
            .flat_map(|place| {
                let Place { row, column } = place.unwrap_or(Place { row: 0, column: 0 });
                [row, column].map(|steps| speeds.iter().map(move |speed| steps as f64 * speed))
            })
            .flatten()
            .collect();
        let angles = Tensor::from_slice(&angles).view([places.len() as i64, features / 2]);
        let (cosines, sines) = (angles.cos(), angles.sin());
        let table =
            |first: &Tensor, second: &Tensor| Tensor::cat(&[first, second], 1).to_kind(Kind::Float).to_device(device);
        Self { cosines: table(&cosines, &cosines), sines: table(&-&sines, &sines) }
    }

    /// Turns features `[.., length, F]` of the tokens from `start` on.
    pub(crate) fn turn(&self, xs: &Tensor, start: i64, length: i64) -> Tensor {
        let of = |table: &Tensor| table.narrow(0, start, length).to_kind(xs.kind());
        let half = xs.size().last().map_or(0, |features| features / 2);
        xs * of(&self.cosines) + xs.roll([half], [-1]) * of(&self.sines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(rotary: &Rotary, query: (&Tensor, i64), key: (&Tensor, i64)) -> f64 {
        let turn = |(xs, at): (&Tensor, i64)| rotary.turn(xs, at, 1);
        (turn(query) * turn(key)).sum(Kind::Double).double_value(&[])
    }

    #[test]
    fn products_depend_on_the_difference_of_places() {
        let places: Vec<_> = (0..20).map(|i| Some(Place { row: i / 5, column: i % 5 })).collect();
        let rotary = Rotary::new(&places, 8, Device::Cpu);
        let xs = |shift: f64| (Tensor::arange(8, (Kind::Double, Device::Cpu)) + shift).sin().view([1, 8]);
        let (query, key) = (xs(0.3), xs(1.1));
        // From row 1, column 1 to row 2, column 3; and the same way from row 0, column 0, or row 2, column 1.
        let one = product(&rotary, (&query, 6), (&key, 13));
        assert!((one - product(&rotary, (&query, 0), (&key, 7))).abs() < 1e-6);
        assert!((one - product(&rotary, (&query, 11), (&key, 18))).abs() < 1e-6);
        // One step down is not one step to the right.
        let (down, right) = (product(&rotary, (&query, 0), (&key, 5)), product(&rotary, (&query, 0), (&key, 1)));
        assert!((down - right).abs() > 1e-3);
    }
}
