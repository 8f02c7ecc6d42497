//! Tests of the crate through its public interface; none needs WordNet or a language model installed.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test, in helpers too")]

mod build;
mod compare;
mod connections;
mod corrupt;
mod embedding_table;
mod emoji_names;
mod graph;
mod morphy;
mod round_trip;
mod sample;
mod wordnet;
