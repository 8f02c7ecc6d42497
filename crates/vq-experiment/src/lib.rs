//! Experiments as TOML: the keys, their checks, and the objects that they name.
//!
//! Each part of an experiment has one file here: its keys, its checks, and what it builds. A new quantizer, data source
//! or loss term is one of these files.
//!
//! | part | keys | what it builds |
//! |---|---|---|
//! | [`DataConfig`] | `data` | image sources ([`Images`]) |
//! | [`QuantizerConfig`] | `quantizer` | a quantizer and its codebooks ([`BuiltQuantizer`]) |
//! | [`LossConfig`] | `loss` | image loss terms ([`Loss`]) |
//! | [`AdversarialConfig`] | `adversarial` | options of the discriminator |
//! | [`CaptionsConfig`] | `captions` | options of captions, and their language |
//! | [`AdamConfig`], [`ScheduleConfig`] | `optimizer`, `schedule` | |
//! | [`TrainConfig`], [`GuardsConfig`] | `train`, `guards` | |
//!
//! Three kinds of experiments are made of them: [`Experiment`] (a tokenizer), [`GeneratorExperiment`] and
//! [`SceneClassifierExperiment`]. [`ExperimentFile`] reads them from TOML, with overrides and bases.
//! Old keys are read under their new names; [`ExperimentFile::load`] returns a note for each.
//!
//! ```
//! use vq_experiment::{ExperimentFile, Loaded};
//!
//! let file = ExperimentFile { path: "../../configs/emoji.toml".into(), overrides: vec!["train.steps=5".into()] };
//! let Loaded { experiment, notes } = file.load()?;
//! experiment.check()?;
//! assert_eq!((experiment.train.steps, notes.len()), (5, 0));
//! # Ok::<(), vq_experiment::ConfigError>(())
//! ```

mod adversarial;
mod captions;
mod data;
mod error;
mod file;
mod generator;
mod guards;
mod loss;
mod optimizer;
mod quantizer;
mod renames;
mod scene_classifier;
mod schedule;
mod tokenizer;
mod train;

pub use adversarial::{AdaptiveWeight, AdversarialConfig, GanLoss, LecamConfig, R1Config};
pub use captions::{
    CaptionsConfig, GradientPath, LanguageConfig, LanguageSource, OtherModel, PathSchedule, VocabularyChoice,
};
pub use data::{
    Cache, DataConfig, DatasetPair, FolderConfig, ImageView, Images, LimitConfig, SceneSourceConfig, SourceConfig,
    Storage, ValidationImages, ValidationSet,
};
pub use error::ConfigError;
pub use file::{ExperimentFile, Loaded, checkpoint_experiment, load_config, overridden, to_toml};
pub use generator::{
    ConditionConfig, GeneratorExperiment, LabelLevel, SamplesConfig, TokenSource, TokenizerSource, TokensConfig,
};
pub use guards::{GuardsConfig, SkipRemedy, UsageGuard};
pub use loss::{ImageLoss, Loss, LossConfig, Losses, PerceptualConfig, laplacian_l1};
pub use optimizer::AdamConfig;
pub use quantizer::{
    BuiltQuantizer, PriorConfig, PriorSource, ProductPartConfig, QuantizerConfig, StageCodebooks, WordGroups,
};
pub use renames::{modernize, modernize_json};
pub use scene_classifier::SceneClassifierExperiment;
pub use schedule::ScheduleConfig;
pub use tokenizer::{Experiment, Learn, StartConfig, Weights};
pub use train::{BestBy, TrainConfig};

/// Runs the example of the README as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
