//! Tests of `vq-data` from the outside.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may fail loudly")]

mod chw;
#[cfg(feature = "embedded")]
mod emoji;
mod family;
mod folder;
mod load;
mod loader;
mod order;
#[cfg(feature = "remake")]
mod remake;
mod support;
mod transform;
