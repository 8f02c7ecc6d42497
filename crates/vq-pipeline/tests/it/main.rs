//! Checkpoints, and tokenizers and generators loaded from them.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod checkpoint;
mod generator_errors;
mod image_generator;
mod image_grid;
mod scene_classifier;
mod scene_scores;
mod support;
mod token_store;
