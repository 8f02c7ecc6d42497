//! Rotary position embeddings over a grid.

use tch::{Device, Kind, Tensor};

/// Row and column of a token in a grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GridPosition {
    /// From 0.
    pub row: i64,
    /// From 0.
    pub column: i64,
}

/// Base of the angles. Grids have far fewer rows than texts have words, and arXiv 2403.13298 takes 100 for them.
const BASE: f64 = 100.0;

/// Axial rotary position embedding: rotates pairs of features of queries and keys by angles proportional to row and
/// column (RoFormer, arXiv 2104.09864, equation 34; axial form of arXiv 2403.13298).
///
/// Of the pairs of a head, the first half rotates by the row, the second by the column.
/// Features `i` and `i + F / 2` of a head of `F` features are a pair.
#[derive(Debug)]
pub struct Rotary2d {
    /// `[L, F]`.
    cosines: Tensor,
    /// `[L, F]`, negative in the first half.
    sines: Tensor,
}

impl Rotary2d {
    /// Tables for tokens at `positions`, for heads of `features` features, a multiple of 4.
    ///
    /// A token without a position is not rotated.
    pub fn new(positions: &[Option<GridPosition>], features: i64, device: Device) -> Self {
        let pairs = features / 4;
        let speeds: Vec<f64> = (0..pairs).map(|pair| BASE.powf(-(pair as f64) / pairs as f64)).collect();
        let angles: Vec<f64> = positions
            .iter()
            .flat_map(|position| {
                let GridPosition { row, column } = position.unwrap_or(GridPosition { row: 0, column: 0 });
                [row, column].map(|steps| speeds.iter().map(move |speed| steps as f64 * speed))
            })
            .flatten()
            .collect();
        let angles = Tensor::from_slice(&angles).view([positions.len() as i64, features / 2]);
        let (cosines, sines) = (angles.cos(), angles.sin());
        let table =
            |first: &Tensor, second: &Tensor| Tensor::cat(&[first, second], 1).to_kind(Kind::Float).to_device(device);
        Self { cosines: table(&cosines, &cosines), sines: table(&-&sines, &sines) }
    }

    /// Rotates features `[.., length, F]` of the `length` tokens that begin with token `start`.
    pub fn rotate(&self, xs: &Tensor, start: i64, length: i64) -> Tensor {
        let slice = |table: &Tensor| table.narrow(0, start, length).to_kind(xs.kind());
        let half = xs.size().last().map_or(0, |features| features / 2);
        xs * slice(&self.cosines) + xs.roll([half], [-1]) * slice(&self.sines)
    }

    /// A copy, for a copy of the layers.
    pub(crate) fn shallow_clone(&self) -> Self {
        Self { cosines: self.cosines.shallow_clone(), sines: self.sines.shallow_clone() }
    }
}
