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
#[cfg(feature = "embedded")]
mod map_picture;
mod odd;
mod order;
mod pack;
mod parts;
#[cfg(feature = "remake")]
mod remake;
#[cfg(feature = "embedded")]
mod scene_captions;
#[cfg(feature = "embedded")]
mod scene_grades;
#[cfg(feature = "embedded")]
mod scenes;
mod sides;
mod sources;
mod support;
mod survey;
mod transform;
