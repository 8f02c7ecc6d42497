//! A run of a tokenizer: how it begins, and how it goes on from a checkpoint.

use std::sync::Arc;
use std::time::Duration;

use tch::Tensor;
use vq_data::ImageSource;

use crate::images::Images;
use crate::plan::WordData;
use crate::tokenizer_task::TokenizerTask;
use crate::training::Training;
use crate::{Checkpoint, Experiment, Plan, Record, RunDir, TokenizerState, TrainError, Validation};

/// Hears what happens in a run, and may end it.
pub trait Watch {
    /// A step was taken; `step` counts from 1.
    fn step(&mut self, step: u64);
    /// A record was written to the log, be it of figures or of an event.
    fn record(&mut self, record: &Record);
    /// Whether to save and stop after the step at hand.
    fn wants_stop(&self) -> bool;
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome<V = Validation> {
    /// Steps taken in all, by this run and those that it resumed.
    pub step: u64,
    /// Whether there is more to do.
    pub end: End,
    /// The last validation; none if the run was stopped, or if that validation failed.
    pub validation: Option<V>,
    /// Time of this run.
    pub elapsed: Duration,
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// All steps were taken.
    Finished,
    /// The watch wanted it; the run can be resumed.
    Stopped,
}

/// Trains a tokenizer into a run folder, which it locks as long as it lives.
pub struct Trainer {
    training: Training<TokenizerTask>,
}

impl Trainer {
    /// Begins a run in a new folder, which is made once everything else has gone well; writes its `config.toml` and a
    /// checkpoint of step 0.
    ///
    /// # Errors
    /// [`TrainError`] if the tokenizer cannot be built or the folder not be made and written.
    pub fn begin(plan: Plan, make_run: impl FnOnce() -> Result<RunDir, TrainError>) -> Result<Self, TrainError> {
        let state = TokenizerState::fresh(&plan.experiment, plan.prior.clone(), plan.device)?;
        Self::begin_with(plan, state, make_run)
    }

    /// As [`Trainer::begin`], with a tokenizer of one's own instead of the configured one.
    ///
    /// # Errors
    /// [`TrainError`] if the folder cannot be made and written.
    pub fn begin_with(
        plan: Plan,
        state: TokenizerState,
        make_run: impl FnOnce() -> Result<RunDir, TrainError>,
    ) -> Result<Self, TrainError> {
        let state = state.with_captions(&plan.experiment, plan.language.as_ref())?;
        plan.begin_with_trained(&state)?;
        Ok(Self { training: Training::begin(TokenizerTask::new(plan, state)?, make_run)? })
    }

    /// Goes on from the last checkpoint of a run folder, with the experiment and the words that it holds.
    ///
    /// # Errors
    /// [`TrainError::RunLocked`] if a run is going on there, [`TrainError::Io`] if there is no checkpoint,
    /// [`TrainError::Checkpoint`] if it does not fit.
    pub fn resume(run: RunDir) -> Result<Self, TrainError> {
        Self::resume_by(run, Plan::with_words)
    }

    /// As [`Trainer::resume`], with images of one's own, as [`Plan::with_images`] has them.
    ///
    /// # Errors
    /// Those of [`Trainer::resume`].
    pub fn resume_with_images(
        run: RunDir,
        train: Arc<dyn ImageSource>,
        validation: Arc<dyn ImageSource>,
    ) -> Result<Self, TrainError> {
        Self::resume_by(run, |experiment, words| Plan::assemble(experiment, words, Images::of(train, validation)))
    }

    fn resume_by(
        run: RunDir,
        plan: impl FnOnce(Experiment, WordData) -> Result<Plan, TrainError>,
    ) -> Result<Self, TrainError> {
        let training = Training::resume(run, |checkpoint: &Checkpoint| {
            let words = WordData { prior: checkpoint.prior()?, language: checkpoint.language()?.map(Arc::new) };
            let plan = plan(checkpoint.header().experiment.clone(), words)?;
            let state = TokenizerState::fresh(&plan.experiment, plan.prior.clone(), plan.device)?;
            let state = state.with_captions(&plan.experiment, plan.language.as_ref())?;
            plan.freeze(&state);
            TokenizerTask::new(plan, state)
        })?;
        Ok(Self { training })
    }

    /// Trains until the last step, or until `watch` wants to stop; either way a checkpoint is saved.
    ///
    /// On the CPU it is known at once what came of a step. Elsewhere the device decides by itself whether a step counts,
    /// and is asked when the next one begins, or when a figure is read anyway.
    ///
    /// # Errors
    /// [`TrainError::NotFinite`] if steps go wrong and the guards have no remedy left, [`TrainError::Collapsed`] if the
    /// alarm on the use of codes is to stop the run, or whatever cannot be read or written. A validation or a
    /// report that fails is no error but an event.
    pub fn run(&mut self, watch: &mut dyn Watch) -> Result<Outcome, TrainError> {
        self.training.run(watch)
    }

    /// The plan of the run.
    pub fn plan(&self) -> &Plan {
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
        self.training.task.state.store.trainable_variables().iter().map(Tensor::numel).sum()
    }
}
