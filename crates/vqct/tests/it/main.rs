//! The command as a user meets it.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod caption;
mod data;
mod errors;
mod eval;
mod generate;
mod kill;
mod prior;
#[cfg(feature = "priors")]
mod prior_build;
mod roundtrip;
mod runs;
mod scene_words;
mod support;
mod words;
