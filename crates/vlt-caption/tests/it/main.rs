//! Captions from codes: goldens of PyTorch, laws and errors.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod decoding;
mod errors;
mod golden;
mod language;
mod loss;
mod sum;
mod support;
mod terms;
mod token_map;
mod vocabulary;
