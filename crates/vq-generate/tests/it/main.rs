//! Generators over token grids: goldens of PyTorch, laws and errors.
#![allow(clippy::single_range_in_vec_init, reason = "the slots of a grid with one id a position are one range")]
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod completion;
mod errors;
mod golden;
mod loss;
mod masked;
mod names;
mod sampling;
mod support;
