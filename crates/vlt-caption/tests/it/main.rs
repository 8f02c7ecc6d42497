//! The translation of codes to captions, against references and by its laws.
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
