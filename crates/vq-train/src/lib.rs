//! Training of tokenizers, generators and scene classifiers.
//!
//! All three train in one loop, [`Run`]: steps, guards, log, validation and checkpoints. What is particular to each is
//! a [`Task`]. The data flows one way: an experiment ([`vq_experiment`]) becomes a plan, which has touched disk and
//! device; a task is made of the plan; a run trains the task into a run folder ([`vq_run::RunDir`]) and ends with a
//! checkpoint ([`vq_pipeline::CheckpointFile`]).
//!
//! | task | plan | run |
//! |---|---|---|
//! | [`TokenizerTask`] | [`TokenizerPlan`] | [`TokenizerRun`] |
//! | [`GeneratorTask`] | [`GeneratorPlan`] | [`GeneratorRun`] |
//! | [`SceneClassifierTask`] | [`SceneClassifierPlan`] | [`SceneClassifierRun`] |
//!
//! # Rules
//!
//! * Nothing here reads the command line or prints; a [`TrainingObserver`] is called with what happens.
//! * Random numbers are derived from (seed, step), and batch `n` is a function of (seed, n): on the CPU, a run that was
//!   killed and resumed ends with the same numbers as an uninterrupted one.
//! * A step changes everything or nothing.
//! * A run folder is never overwritten, and a checkpoint is replaced in one move.
//!
//! ```no_run
//! use vq_experiment::ExperimentFile;
//! use vq_run::{Record, RunDir};
//! use vq_train::{TokenizerPlan, TokenizerRun, TrainingObserver};
//!
//! struct Print;
//!
//! impl TrainingObserver for Print {
//!     fn record(&mut self, record: &Record) {
//!         println!("{record:?}");
//!     }
//! }
//!
//! # fn main() -> Result<(), vq_train::TrainError> {
//! let file = ExperimentFile { path: "configs/emoji.toml".into(), overrides: vec!["train.steps=100".into()] };
//! let plan = TokenizerPlan::new(file.load()?.experiment)?;
//! let mut run = TokenizerRun::begin(plan, || RunDir::numbered("runs".as_ref(), "emoji"))?;
//! let outcome = run.train(&mut Print)?;
//! println!("{:?}", outcome.validation);
//! # Ok(())
//! # }
//! ```

mod engine;
mod error;
mod generator;
mod memory;
mod optim;
mod scene_classifier;
mod tokenizer;

pub use engine::{
    Batches, GridView, Inspection, MicroBatches, Outcome, Run, RunEnd, RunSettings, SaveCheckpoint, Seeded, StepAt,
    StepResult, Task, TrainingObserver, ValidationResult,
};
pub use error::TrainError;
pub use generator::{GeneratorPlan, GeneratorRun, GeneratorTask, GeneratorValidation};
pub use memory::keep_freed_memory;
pub use optim::{Adam, Gradient, ModelOptimizer, StepSums, WeightAverage};
pub use scene_classifier::{SceneClassifierPlan, SceneClassifierRun, SceneClassifierTask, SceneClassifierValidation};
pub use tokenizer::{
    Adversary, DiscriminatorTerm, GeneratorTerm, TokenizerPlan, TokenizerRun, TokenizerTask, TokenizerValidation,
};

/// Runs the example of the README as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
