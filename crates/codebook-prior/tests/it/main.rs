//! Tests of the crate through its public interface; none needs WordNet or a language model installed.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test, in helpers too")]

mod build;
mod corpus;
mod corrupt;
mod embedding_table;
mod emoji_names;
mod graph;
mod lemmas;
#[cfg(feature = "embedded")]
mod lexicon;
mod morphy;
mod round_trip;
mod sample;
#[cfg(feature = "embedded")]
mod tagger;
mod tokenize;
mod wordnet;
