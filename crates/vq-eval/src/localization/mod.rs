//! Metrics that compare the heat map of a word with the mask of the object that it names.

mod grid;
mod mass;
mod pointing;

pub use mass::{MassInside, MassScores};
pub use pointing::{Pointing, PointingScores};
