//! Generators over the ids of a tokenizer, and stores of such ids.

mod conditioner;
mod image_generator;
mod image_tokens;
mod setup;
mod store;
mod store_writer;
mod tokenize;
mod tokens;

pub use conditioner::{Classes, Conditioner, Texts, TooLong};
pub use image_generator::{GeneratedImages, GeneratorImages, GeneratorUse, ImageGenerator};
pub use image_tokens::ImageTokens;
pub use setup::{GeneratorCheckpoint, GeneratorSetup, TokenizerReference, open_tokenizer};
pub use store::{StoreHeader, StoredImages, StoredPart, StoredTokens, TokenStore};
pub use store_writer::{StoredBatch, TokenStoreWriter};
pub use tokenize::TokenizeRequest;
pub use tokens::{MadeBy, TokenDraw, TokenSets, TokenizedBatch, Tokenizers};
