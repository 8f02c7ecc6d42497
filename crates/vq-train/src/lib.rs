//! Training of image tokenizers: configuration, loop, checkpoints, logs.
//!
//! The data flows one way: an [`Experiment`] is read from TOML ([`ExperimentFile`]), a [`Plan`] touches disk and device,
//! a [`Trainer`] runs it into a [`RunDir`], and a [`Checkpoint`] holds all that is needed to go on or to use the result.
//!
//! A generator goes the same way: [`GeneratorExperiment`], [`GeneratorPlan`], [`GeneratorTrainer`],
//! [`GeneratorCheckpoint`]; its ids come from a [`TokenStore`] or from images as they are needed, and an
//! [`ImageGenerator`] makes pictures of texts, classes or segmentations.
//!
//! # Rules
//!
//! * Nothing here reads the command line or prints; a [`Watch`] hears what happens.
//! * Randomness is derived from (seed, step), and batch `n` is a function of (seed, n): on the CPU, a run that was killed
//!   and resumed ends with the same numbers as one that was not.
//! * A run folder is never overwritten, a checkpoint is replaced in one move.

mod adam;
mod adversary;
mod atomic_file;
mod captions;
mod checkpoint;
mod checkpoint_header;
mod checkpoint_store;
mod clock;
mod config_file;
mod data_hash;
mod data_part;
mod dataset_config;
mod error;
mod evaluation;
mod event;
mod experiment;
mod figures;
mod flat_parameters;
mod folder_config;
mod generation;
mod gradient;
mod grid;
mod guards;
mod images;
mod judge;
mod lap;
mod loss;
mod memory;
mod metrics_log;
mod opponent;
mod plan;
mod quantizer_config;
mod randomness;
mod reading;
pub mod report;
mod reporter;
mod revival;
mod run_dir;
mod run_lock;
mod scenes_config;
mod schedule;
mod session;
mod step;
mod study;
mod task;
mod tensorboard;
mod tokenizer_state;
mod tokenizer_task;
mod trainer;
mod training;
mod usage_alarm;
mod validation;
mod weight_average;

pub use adam::{Adam, AdamConfig};
pub use adversary::{
    AdaptiveWeight, AdversarialConfig, Adversary, DiscriminatorTerm, GanLoss, GeneratorTerm, LecamConfig, R1Config,
};
pub use captions::{
    CaptionFigures, CaptionHead, CaptionsConfig, GradientPath, LanguageConfig, LanguageExtent, LanguageSource,
    OtherModel, PathSchedule, ToldImage,
};
pub use checkpoint::{Checkpoint, CheckpointContents, CheckpointFile, Weights};
pub use checkpoint_header::{Best, CheckpointHeader, Trained};
pub use config_file::{ExperimentFile, load_config, overridden};
pub use dataset_config::{DatasetPair, ValidationSet};
pub use error::TrainError;
pub use evaluation::{
    Difference, DistanceFigures, DistancesConfig, Evaluated, EvaluatedData, EvaluatedTokenizer, Evaluation,
    EvaluationComparison, EvaluationConditions, EvaluationPage, EvaluationRequest, GroundingFigures, ImageFigures,
    InceptionFigures, LanguageFigures, ShownImage, ShownImages, TranslationFigures,
};
pub use event::Event;
pub use experiment::{BestBy, DataConfig, Experiment, Learn, Shown, SourceConfig, StartConfig, TrainConfig};
pub use folder_config::{FolderConfig, ValidationImages};
pub use generation::{
    Classes, ConditionConfig, Conditioner, GeneratedImages, GeneratorCheckpoint, GeneratorExperiment, GeneratorImages,
    GeneratorPlan, GeneratorSetup, GeneratorTrainer, GeneratorUse, GeneratorValidation, ImageGenerator, ImageTokens,
    LabelLevel, MadeScene, SamplesConfig, SceneFigures, StoreHeader, StoredBatch, StoredImages, StoredPart,
    StoredTokens, TextToImage, TextToImageConditions, TextToImageRequest, TextToImageResult, Texts, TokenSource,
    TokenStore, TokenStoreWriter, TokenizeRequest, TokenizedBatch, TokenizerReference, TokenizerSource, TokensConfig,
};
pub use gradient::Gradient;
pub use grid::{image_grid, to_rgb};
pub use guards::{GuardState, GuardsConfig, SkipRemedy};
pub use images::{Cache, LimitConfig};
pub use judge::{JudgeConfig, JudgeFigures, JudgeHeader, JudgedScenes, SceneJudge, SeenScene, SeenThing};
pub use loss::{Loss, LossConfig, Losses, PerceptualConfig, laplacian_l1};
pub use memory::keep_freed_memory;
pub use metrics_log::{GroupRecord, Kept, MetricsLog, Record, SlotRecord};
pub use plan::Plan;
pub use quantizer_config::{CodeWordsConfig, PriorConfig, PriorSource, QuantizerConfig};
pub use reading::{
    CodeSurvey, CodeWord, CodeWords, EditedIds, InspectionPage, Patch, SearchBy, SurveyedImage, TextSearch, WordHeat,
    WordReplacement, WordUse,
};
pub use reporter::Reporter;
pub use run_dir::RunDir;
pub use scenes_config::ScenesConfig;
pub use schedule::ScheduleConfig;
pub use session::{Ending, Environment, PastSession, RunState, Session, SessionEnd, Sessions};
pub use study::{Job, JobState, MethodConfig, Spread, Study, StudyConfig, StudyPage, StudyRow, StudyRun, StudyTable};
pub use tensorboard::{EventFile, Moment};
pub use tokenizer_state::TokenizerState;
pub use trainer::{End, Outcome, Trainer, Watch};
pub use usage_alarm::{UsageGuard, UsageRemedy};
pub use validation::Validation;
pub use weight_average::WeightAverage;
