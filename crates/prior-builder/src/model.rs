//! Files of a language model's folder in Hugging Face's layout.

mod config;
mod weights;
mod word_tokenizer;

pub(crate) use config::ModelConfig;
pub(crate) use weights::{StoredTensor, Weights};
pub(crate) use word_tokenizer::WordTokenizer;
