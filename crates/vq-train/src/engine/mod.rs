//! The training loop, for any task.

mod files;
mod guards;
mod outcome;
mod progress;
mod run;
mod step_figures;
mod task;
mod throughput;

pub use outcome::{Outcome, RunEnd, TrainingObserver};
pub use run::Run;
pub(crate) use step_figures::StepFigures;
pub use task::{
    Batches, GridView, Inspection, MicroBatches, RunSettings, SaveCheckpoint, Seeded, StepAt, StepResult, Task,
    ValidationResult,
};
