//! The autoencoder and the tokenizer built on it.

mod autoencoder;
mod tokenizer;
