//! Trained tokenizers, caption decoders, generators and scene classifiers: from checkpoint to use.
//!
//! | type | what it does |
//! |---|---|
//! | [`Checkpoint`], [`CheckpointFile`] | reads and writes checkpoints |
//! | [`TokenizerState`] | a tokenizer with its parameters, words and captions: images to ids and back |
//! | [`CaptionHead`] | generates captions from codes |
//! | [`TokenizerMetrics`] | metrics of a tokenizer, for validation and evaluation |
//! | [`TokenStore`] | the ids of a data set in one file |
//! | [`ImageGenerator`] | images from texts, classes, segmentations or nothing |
//! | [`TrainedSceneClassifier`] | the objects and colours in an image of a scene |
//!
//! Training lies in `vq-train`; nothing here computes a gradient.
//!
//! ```no_run
//! use tch::Device;
//! use vq_core::Mode;
//! use vq_pipeline::{Checkpoint, TokenizerState};
//!
//! # fn main() -> Result<(), vq_pipeline::PipelineError> {
//! # let images = tch::Tensor::zeros([1, 3, 32, 32], (tch::Kind::Float, Device::Cpu));
//! let checkpoint = Checkpoint::open("runs/scenes-vqct-vlt-001".as_ref())?;
//! let state = TokenizerState::load(&checkpoint, Device::Cpu)?;
//! let ids = state.tokenizer.quantize(&images, Mode::Eval)?.quantized.indices; // [B, H, W, S]
//! let again = state.tokenizer.decode(&ids)?; // [B, 3, S, S] in [-1, 1]
//! # Ok(())
//! # }
//! ```

mod caption_head;
mod caption_likelihood;
mod checkpoint;
mod checkpoint_header;
mod data_hash;
mod environment;
mod error;
mod generator;
mod image_grid;
mod metrics;
mod rng_guard;
mod scene_classifier;
mod tensors;
mod tokenizer_state;

pub use caption_head::{CAPTION_PARAMETERS, CaptionHead};
pub use caption_likelihood::CaptionLikelihood;
pub use checkpoint::{Checkpoint, CheckpointContents, CheckpointFile};
pub use checkpoint_header::{Best, CheckpointHeader, DISCRIMINATOR, GuardState, TOKENIZER, Trained};
pub use data_hash::DataHash;
pub use environment::environment;
pub use error::{PipelineError, first_line};
pub use generator::{
    Classes, Conditioner, GeneratedImages, GeneratorCheckpoint, GeneratorImages, GeneratorSetup, GeneratorUse,
    ImageGenerator, ImageTokens, MadeBy, StoreHeader, StoredBatch, StoredImages, StoredPart, StoredTokens, Texts,
    TokenDraw, TokenSets, TokenStore, TokenStoreWriter, TokenizeRequest, TokenizedBatch, TokenizerReference,
    Tokenizers, TooLong, open_tokenizer,
};
pub use image_grid::{image_grid, to_rgb};
pub use metrics::{TokenizerFigures, TokenizerMetrics, group_record};
pub use rng_guard::RngGuard;
pub use scene_classifier::{
    ClassifierLoss, ClassifierTargets, PredictedObject, PredictedScene, SceneBatch, SceneClassifierCheckpoint,
    SceneClassifierFigures, SceneClassifierSetup, SceneLabels, SceneScores, TrainedSceneClassifier,
};
pub use tokenizer_state::TokenizerState;

/// Runs the example of the README as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
