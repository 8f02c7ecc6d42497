//! The networks of this crate against PyTorch, and the laws of the tokenizer.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod autoencoder;
mod discriminator;
mod goldens;
mod inception;
mod lpips;
mod precision;
mod scene_classifier;
mod support;
mod taming;
mod tokenizer;
