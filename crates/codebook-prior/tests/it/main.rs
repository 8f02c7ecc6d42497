//! Tests of the crate through its public interface; none needs WordNet installed, and one, `minilm`, a language model,
//! which `cargo xtask test` installs.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test, in helpers too")]

mod caption_prior;
#[cfg(feature = "embedded")]
mod caption_words;
mod compare;
mod connections;
mod corpus;
mod corrupt;
mod damaged_models;
mod embedding_table;
mod graph;
#[cfg(feature = "embedded")]
mod lemmas;
mod lexicon;
mod minilm;
mod morphy;
mod provenance;
mod refinement;
mod round_trip;
mod sample;
#[cfg(feature = "embedded")]
mod tables;
mod tagger;
mod text_encoder;
mod tiny;
mod tokenize;
mod wordnet;
