//! Generators over token grids, against references and by their laws.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod completion;
mod errors;
mod golden;
mod loss;
mod masked;
mod names;
mod sampling;
mod support;
