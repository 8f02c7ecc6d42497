//! Generators: stores of ids, training, and images from words, classes or maps.

mod conditioner;
mod config;
mod image_generator;
mod image_tokens;
mod mapped;
mod plan;
mod setup;
mod task;
mod text_to_image;
mod token_store;
mod tokenize;
mod tokens;
mod trainer;
mod validation;

pub use conditioner::{Classes, Conditioner, Texts};
pub use config::{
    ConditionConfig, GeneratorExperiment, LabelLevel, SamplesConfig, TokenSource, TokenizerSource, TokensConfig,
};
pub use image_generator::{GeneratedImages, GeneratorImages, GeneratorUse, ImageGenerator};
pub use image_tokens::ImageTokens;
pub use plan::GeneratorPlan;
pub use setup::{GeneratorCheckpoint, GeneratorSetup, TokenizerReference};
pub use text_to_image::{
    MadeScene, SceneFigures, TextToImage, TextToImageConditions, TextToImageRequest, TextToImageResult,
};
pub use token_store::{StoreHeader, StoredBatch, StoredImages, StoredPart, StoredTokens, TokenStore, TokenStoreWriter};
pub use tokenize::TokenizeRequest;
pub use tokens::TokenizedBatch;
pub use trainer::GeneratorTrainer;
pub use validation::GeneratorValidation;
