//! Tests of `vq-data` from the outside.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a failed unwrap fails the test")]

mod alignment;
mod chw;
mod datasets;
#[cfg(feature = "embedded")]
mod emoji;
mod epoch_stream;
mod family;
mod folder;
#[cfg(feature = "grid")]
mod grid;
mod jitter;
mod load;
mod loader;
mod loader_parts;
mod odd_files;
mod pack;
#[cfg(feature = "remake")]
mod remake;
#[cfg(feature = "embedded")]
mod segmentation_image;
mod selection;
mod sides;
mod support;
mod survey;
mod transform;
