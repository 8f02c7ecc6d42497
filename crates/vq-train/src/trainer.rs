//! A run: how it begins, and how it goes on from a checkpoint.

use std::sync::Arc;
use std::time::Duration;

use tch::Tensor;
use vq_data::ImageSource;

use crate::checkpoint_header::{DISCRIMINATOR, TOKENIZER};
use crate::checkpoint_store::{self, Rank};
use crate::images::Images;
use crate::opponent::Opponent;
use crate::plan::WordData;
use crate::run_lock::RunLock;
use crate::step::{Learner, Taken};
use crate::usage_alarm::UsageAlarm;
use crate::{
    Adam, Best, Checkpoint, CheckpointContents, CheckpointHeader, Experiment, GuardState, Kept, MetricsLog, Plan,
    Record, Reporter, RunDir, TokenizerState, TrainError, Validation, WeightAverage, Weights,
};

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
pub struct Outcome {
    /// Steps taken in all, by this run and those that it resumed.
    pub step: u64,
    /// Whether there is more to do.
    pub end: End,
    /// The last validation; none if the run was stopped, or if that validation failed.
    pub validation: Option<Validation>,
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
    pub(crate) plan: Plan,
    pub(crate) run: RunDir,
    pub(crate) state: TokenizerState,
    pub(crate) learner: Learner,
    pub(crate) log: MetricsLog,
    pub(crate) alarm: Option<UsageAlarm>,
    pub(crate) progress: Progress,
    /// The step just taken, as long as nobody has asked what came of it.
    pub(crate) pending: Option<Taken>,
    /// While it runs.
    pub(crate) reporter: Option<Reporter>,
    _lock: RunLock,
}

/// Where a run is, besides what its tensors hold.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    pub(crate) step: u64,
    pub(crate) micro_batches: u64,
    pub(crate) guards: GuardState,
    pub(crate) best: Option<Best>,
    /// Whether a checkpoint was due when the step at hand had been skipped.
    pub(crate) owes_checkpoint: bool,
    /// The step of the last checkpoint of this run.
    pub(crate) saved: Option<u64>,
}

impl Progress {
    fn from_header(header: &CheckpointHeader) -> Self {
        let CheckpointHeader { step, micro_batches, guards, best, .. } = header.clone();
        Self { step, micro_batches, guards, best, owes_checkpoint: false, saved: Some(step) }
    }
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
        let learner = Learner::new(&plan, &state)?;
        let config = toml::to_string(&plan.experiment);
        let run = make_run()?;
        let lock = run.lock()?;
        let config = config.map_err(|error| TrainError::Config {
            file: run.config().display().to_string(),
            message: error.to_string(),
        })?;
        std::fs::write(run.config(), config).map_err(TrainError::io("write", &run.config()))?;
        let log = MetricsLog::open(&run.metrics(), Kept::Bytes(0))?;
        let progress = Progress::from_header(&CheckpointHeader::fresh(plan.experiment.clone()));
        let alarm = alarm(&plan, &state);
        let mut trainer =
            Self { plan, run, state, learner, log, alarm, progress, pending: None, reporter: None, _lock: lock };
        trainer.save(Rank::Ordinary)?;
        Ok(trainer)
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
        // No lock is left in a folder that holds no run.
        std::fs::metadata(run.checkpoint()).map_err(TrainError::io("read checkpoint", &run.checkpoint()))?;
        let lock = run.lock()?;
        let checkpoint = Checkpoint::open(&run.checkpoint())?;
        let header = checkpoint.header();
        let words = WordData { prior: checkpoint.prior()?, language: checkpoint.language()?.map(Arc::new) };
        let plan = plan(header.experiment.clone(), words)?;
        let state = TokenizerState::fresh(&plan.experiment, plan.prior.clone(), plan.device)?;
        let state = state.with_captions(&plan.experiment, plan.language.as_ref())?;
        plan.freeze(&state);
        let learner = Learner::new(&plan, &state)?;
        let kept = header.log_length.map_or(Kept::UpToStep(header.step), Kept::Bytes);
        let log = MetricsLog::open(&run.metrics(), kept)?;
        let progress = Progress::from_header(header);
        let alarm = alarm(&plan, &state);
        let mut trainer =
            Self { plan, run, state, learner, log, alarm, progress, pending: None, reporter: None, _lock: lock };
        trainer.restore(&checkpoint)?;
        Ok(trainer)
    }

    /// The plan of the run.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The run folder.
    pub fn run_dir(&self) -> &RunDir {
        &self.run
    }

    /// Steps taken so far, skipped ones included.
    pub fn steps_taken(&self) -> u64 {
        self.progress.step
    }

    /// Number of trainable parameters.
    pub fn parameters(&self) -> usize {
        self.state.store.trainable_variables().iter().map(Tensor::numel).sum()
    }

    /// Takes over all tensors of a checkpoint.
    pub(crate) fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), TrainError> {
        checkpoint.restore_model(&self.state.store, Weights::Raw)?;
        checkpoint.restore_optimizer(TOKENIZER, &mut self.learner.adam)?;
        if let Some(opponent) = &mut self.learner.opponent {
            checkpoint.restore_adversary(&mut opponent.adversary)?;
            checkpoint.restore_optimizer(DISCRIMINATOR, &mut opponent.adam)?;
        }
        if let Some(average) = &mut self.learner.average {
            checkpoint.restore_average(average, &self.learner.adam)?;
        }
        if let Some(alarm) = &mut self.alarm
            && let Some(counts) = checkpoint.usage(self.state.tokenizer.layout().codes)?
        {
            alarm.restore(&counts, checkpoint.header().usage_steps);
        }
        Ok(())
    }

    /// Saves a checkpoint of the step at hand, of which it must be known what came of it.
    pub(crate) fn save(&mut self, rank: Rank) -> Result<(), TrainError> {
        let Progress { step, micro_batches, guards, best, .. } = self.progress.clone();
        let fresh = CheckpointHeader::fresh(self.plan.experiment.clone());
        let opponent = self.learner.opponent.as_ref();
        let optimizers: Vec<(&str, &Adam)> = [(TOKENIZER, &self.learner.adam)]
            .into_iter()
            .chain(opponent.map(|opponent| (DISCRIMINATOR, &opponent.adam)))
            .collect();
        let header = CheckpointHeader {
            step,
            micro_batches,
            optimizer_steps: optimizers.iter().map(|&(name, adam)| (name.to_owned(), adam.steps())).collect(),
            guards,
            usage_steps: self.alarm.as_ref().map_or(0, UsageAlarm::steps),
            best,
            log_length: Some(self.log.length()),
            ..fresh
        };
        let contents = CheckpointContents {
            header: &header,
            prior: self.state.prior.as_ref(),
            language: self.state.captions.as_ref().map(|captions| captions.language().as_ref()),
            store: &self.state.store,
            adversary: opponent.map(|opponent| &opponent.adversary),
            optimizers: &optimizers,
            average: self.learner.average.as_ref().map(|average| (average, &self.learner.adam)),
            usage: self.alarm.as_ref().map(UsageAlarm::counts),
        };
        checkpoint_store::save(&self.run, &contents, rank, self.plan.experiment.train.keep)?;
        self.progress.owes_checkpoint = false;
        self.progress.saved = Some(step);
        Ok(())
    }
}

impl Learner {
    fn new(plan: &Plan, state: &TokenizerState) -> Result<Self, TrainError> {
        let adam = Adam::new(&state.store, plan.experiment.optimizer.clone())?;
        let average = plan.experiment.train.ema.map(|decay| WeightAverage::new(&adam, decay));
        let loss = plan.experiment.loss.build(plan.device)?;
        let adversarial = plan.experiment.adversarial.clone();
        let opponent = adversarial.map(|config| Opponent::new(config, &plan.experiment, plan.device)).transpose()?;
        Ok(Self { loss, adam, average, opponent })
    }
}

fn alarm(plan: &Plan, state: &TokenizerState) -> Option<UsageAlarm> {
    let guard = plan.experiment.guards.usage.clone()?;
    Some(UsageAlarm::new(guard, state.tokenizer.layout(), plan.device))
}
