//! Tests of the crate's public interface.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test, in helpers too")]

#[cfg(feature = "embedded")]
mod caption_words;
mod compare;
mod connections;
mod corrupt;
mod graph;
#[cfg(feature = "embedded")]
mod lemmas;
mod morphy;
mod provenance;
mod refinement;
mod round_trip;
mod sample;
#[cfg(feature = "embedded")]
mod tagger;
mod tokenize;
