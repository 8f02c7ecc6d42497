//! Choices of samples by their ids.

mod held_out;
mod limit;
mod rank;

pub use held_out::{HeldOut, HeldOutSplit};
pub use limit::Limit;
