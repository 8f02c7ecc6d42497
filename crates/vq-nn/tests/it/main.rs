//! Attention, blocks, cache and embeddings, by their laws.
//!
//! The goldens of `vlt-caption` and `vq-generate` compare whole models made of these parts with PyTorch.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod attention;
mod cache;
mod embeddings;
mod names;
mod rotary;
mod support;
