//! A run of a generator: how it begins, and how it goes on from a checkpoint.

use super::plan::GeneratorPlan;
use super::setup::GeneratorCheckpoint;
use super::task::{GeneratorTask, parameters};
use super::validation::GeneratorValidation;
use crate::training::Training;
use crate::{Outcome, RunDir, TrainError, Watch};

/// Trains a generator into a run folder, which it locks as long as it lives.
pub struct GeneratorTrainer {
    training: Training<GeneratorTask>,
}

impl GeneratorTrainer {
    /// Begins a run in a new folder, which is made once everything else has gone well; writes its `config.toml` and a
    /// checkpoint of step 0.
    ///
    /// # Errors
    /// [`TrainError`] if the generator cannot be built or the folder not be made and written.
    pub fn begin(
        plan: GeneratorPlan,
        make_run: impl FnOnce() -> Result<RunDir, TrainError>,
    ) -> Result<Self, TrainError> {
        Ok(Self { training: Training::begin(GeneratorTask::new(plan)?, make_run)? })
    }

    /// Goes on from the last checkpoint of a run folder, with the experiment, the classes and the language that it holds.
    ///
    /// # Errors
    /// [`TrainError::RunLocked`] if a run is going on there, [`TrainError::Io`] if there is no checkpoint,
    /// [`TrainError::Checkpoint`] if it does not fit, [`TrainError::OtherTokenizer`] if the tokenizer is another one now.
    pub fn resume(run: RunDir) -> Result<Self, TrainError> {
        let training = Training::resume(run, |checkpoint: &GeneratorCheckpoint| {
            GeneratorTask::new(GeneratorPlan::again(&checkpoint.header().experiment, checkpoint.language()?)?)
        })?;
        Ok(Self { training })
    }

    /// Trains until the last step, or until `watch` wants to stop; either way a checkpoint is saved.
    ///
    /// # Errors
    /// As [`Trainer::run`](crate::Trainer::run).
    pub fn run(&mut self, watch: &mut dyn Watch) -> Result<Outcome<GeneratorValidation>, TrainError> {
        self.training.run(watch)
    }

    /// The plan of the run.
    pub fn plan(&self) -> &GeneratorPlan {
        &self.training.task.plan
    }

    /// The run folder.
    pub fn run_dir(&self) -> &RunDir {
        &self.training.run
    }

    /// Steps taken so far, skipped ones included.
    pub fn steps_taken(&self) -> u64 {
        self.training.progress.step
    }

    /// Number of trainable parameters.
    pub fn parameters(&self) -> usize {
        parameters(&self.training.task.store)
    }
}
