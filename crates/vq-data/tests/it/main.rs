//! Tests of `vq-data` from the outside.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may fail loudly")]

mod alignment;
mod chw;
#[cfg(feature = "embedded")]
mod emoji;
mod family;
mod folder;
#[cfg(feature = "grid")]
mod grid;
mod jitter;
mod listed;
mod load;
mod loader;
mod odd;
mod order;
mod pack;
mod parts;
#[cfg(feature = "remake")]
mod remake;
#[cfg(feature = "embedded")]
mod segmentation_image;
mod sides;
mod sources;
mod support;
mod survey;
mod transform;
