//! Tests of the crate's public interface. None needs WordNet; `minilm` needs a language model, which `cargo xtask test`
//! installs.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test, in helpers too")]

mod caption_prior;
mod corpus;
mod damaged_models;
mod embedding_table;
mod lemmas;
mod lexicon;
mod minilm;
mod morphy;
mod refining;
mod sample;
mod statistical_tagger;
mod tables;
mod text_encoder;
mod tiny;
mod wordnet;
