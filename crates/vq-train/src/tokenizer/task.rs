//! A tokenizer as a task.

use tch::{Device, Tensor};
use vq_core::QuantizedBatch;
use vq_data::Batch;
use vq_experiment::{BestBy, Experiment, Images, Learn};
use vq_pipeline::{
    Checkpoint, CheckpointContents, CheckpointHeader, DISCRIMINATOR, RngGuard, TOKENIZER, TokenizerState,
};
use vq_random::derive_seed;
use vq_run::{Event, RunDir, RunError, UsageRemedy};

use super::discriminator_trainer::DiscriminatorTrainer;
use super::plan::TokenizerPlan;
use super::revival::revive;
use super::step::{Learner, MicroBatch, StepInputs};
use super::usage_alarm::UsageAlarm;
use super::validation::TokenizerValidation;
use crate::{
    Batches, Inspection, MicroBatches, ModelOptimizer, Run, RunSettings, SaveCheckpoint, Seeded, StepAt, StepResult,
    Task, TrainError,
};

/// Bits that separate the seeds of other draws from those of forward passes, which are the numbers of micro-batches.
const REVIVAL: u64 = 1 << 63;
const UPDATE: u64 = 1 << 62;

/// The tensor of the usage alarm in a checkpoint.
const USAGE: &str = "usage";

/// A tokenizer in training.
pub struct TokenizerTask {
    /// The plan of the run.
    pub plan: TokenizerPlan,
    state: TokenizerState,
    learner: Learner,
    alarm: Option<UsageAlarm>,
}

/// The run of a tokenizer.
pub type TokenizerRun = Run<TokenizerTask>;

impl TokenizerRun {
    /// Begins a run in a new folder, which `make_folder` creates once everything else has succeeded; writes its
    /// `config.toml` and a checkpoint of step 0.
    ///
    /// # Errors
    /// [`TrainError`] if the tokenizer cannot be built or the folder cannot be created and written.
    pub fn begin(
        plan: TokenizerPlan,
        make_folder: impl FnOnce() -> Result<RunDir, RunError>,
    ) -> Result<Self, TrainError> {
        let state = plan.initial_state()?;
        Self::begin_task(TokenizerTask::new(plan, state)?, make_folder)
    }

    /// As [`TokenizerRun::begin`], with the caller's tokenizer instead of the configured one.
    ///
    /// # Errors
    /// [`TrainError`] if the folder cannot be created and written.
    pub fn begin_with(
        plan: TokenizerPlan,
        state: TokenizerState,
        make_folder: impl FnOnce() -> Result<RunDir, RunError>,
    ) -> Result<Self, TrainError> {
        let state = plan.prepare(state)?;
        Self::begin_task(TokenizerTask::new(plan, state)?, make_folder)
    }

    /// Continues from the last checkpoint of a run folder, with its experiment and its words.
    ///
    /// # Errors
    /// [`TrainError::Run`] if another process trains in the folder, [`TrainError::File`] if there is no checkpoint,
    /// [`TrainError::Pipeline`] if it does not fit.
    pub fn resume(folder: RunDir) -> Result<Self, TrainError> {
        Self::resume_with(folder, None)
    }

    /// As [`TokenizerRun::resume`], with the caller's images, as in [`TokenizerPlan::with_images`].
    ///
    /// # Errors
    /// Those of [`TokenizerRun::resume`].
    pub fn resume_with_images(folder: RunDir, images: Images) -> Result<Self, TrainError> {
        Self::resume_with(folder, Some(images))
    }

    fn resume_with(folder: RunDir, images: Option<Images>) -> Result<Self, TrainError> {
        Self::resume_task(folder, |checkpoint| {
            let plan = TokenizerPlan::for_resume(checkpoint, images)?;
            let state = plan.initial_state()?;
            TokenizerTask::new(plan, state)
        })
    }
}

impl TokenizerTask {
    fn new(plan: TokenizerPlan, state: TokenizerState) -> Result<Self, TrainError> {
        let Experiment { optimizer, train, loss, adversarial, guards, .. } = &plan.experiment;
        let learner = Learner {
            optimizer: ModelOptimizer::new(&state.store, optimizer, train.ema_decay)?,
            loss: loss.build(plan.device)?,
            discriminator: adversarial
                .clone()
                .map(|config| DiscriminatorTrainer::new(config, &plan.experiment, plan.device))
                .transpose()?,
        };
        let alarm = guards.usage.clone().map(|guard| UsageAlarm::new(guard, state.tokenizer.layout(), plan.device));
        Ok(Self { plan, state, learner, alarm })
    }
}

impl Task for TokenizerTask {
    type Experiment = Experiment;
    type Batch = Batch;
    type Validation = TokenizerValidation;

    fn trained(&self) -> Experiment {
        self.plan.experiment.clone()
    }

    fn settings(&self) -> RunSettings<'_> {
        let Experiment { seed, schedule, train, guards, .. } = &self.plan.experiment;
        RunSettings { seed: *seed, schedule, train, guards, best_by: train.best_by.unwrap_or(BestBy::Psnr) }
    }

    fn device(&self) -> Device {
        self.plan.device
    }

    fn parameters(&self) -> usize {
        self.state.store.trainable_variables().iter().map(Tensor::numel).sum()
    }

    fn batches(&self, first: u64) -> Result<Batches<Batch>, TrainError> {
        Ok(Box::new(self.plan.train_batches(first)?.map(|batch| Ok(batch?))))
    }

    fn count(batch: &Batch) -> usize {
        batch.count
    }

    fn step(&mut self, at: StepAt, next: &mut MicroBatches<'_, Batch>) -> Result<StepResult, TrainError> {
        let plan = &self.plan;
        let inputs = StepInputs {
            tokenizer: &self.state.tokenizer,
            captions: self.state.captions.as_ref(),
            learns: plan.experiment.learns(),
            step: at.step,
            accumulate: plan.experiment.train.accumulate,
            learning_rate: at.learning_rate,
        };
        self.learner.step(&inputs, || {
            let Seeded { batch, seed } = next()?;
            Ok(MicroBatch { images: plan.to_tensor(&batch), captions: batch.captions, seed })
        })
    }

    fn after_good_step(&mut self, step: &StepResult, micro_batches: u64) -> Result<(), TrainError> {
        let experiment = &self.plan.experiment;
        if !experiment.quantizer.learns_by_updates() || experiment.learns() == Learn::Captions {
            return Ok(());
        }
        let (latents, indices) = (Tensor::cat(&step.latents, 0), Tensor::cat(&step.ids, 0));
        let _guard = RngGuard::seeded(derive_seed(experiment.seed, UPDATE | micro_batches));
        self.state.tokenizer.update(&QuantizedBatch { latents: &latents, indices: &indices, mask: None })?;
        Ok(())
    }

    /// Counts the codes of a step; at the end of a window, reports the groups with too low usage and applies the
    /// remedy.
    fn inspect(&mut self, step: &StepResult, at: StepAt, micro_batches: u64) -> Result<Inspection, TrainError> {
        let mut inspection = Inspection::default();
        let Some(alarm) = &mut self.alarm else { return Ok(inspection) };
        alarm.count(&step.ids, &step.all_finite);
        let (remedy, min_share) = (alarm.config().remedy, alarm.config().min_share);
        for low in alarm.check() {
            let group = low.group.group.clone();
            let revived = match (remedy, &step.latents[..]) {
                (UsageRemedy::Revive, [.., latents]) => {
                    let _guard = RngGuard::seeded(derive_seed(self.plan.experiment.seed, REVIVAL | micro_batches));
                    let layout = self.state.tokenizer.layout();
                    revive(&self.learner.optimizer, layout, &low.group, &low.unused, latents)?
                }
                _ => 0,
            };
            let share = low.share;
            inspection.events.push(Event::LowUsage { group: group.clone(), share, remedy, revived });
            if remedy == UsageRemedy::Stop {
                inspection.fatal = Some(TrainError::Collapsed { step: at.step, group, min_share, share });
                break;
            }
        }
        Ok(inspection)
    }

    fn validate(&self) -> Result<TokenizerValidation, TrainError> {
        let run = || TokenizerValidation::run(&self.state.tokenizer, self.state.captions.as_ref(), &self.plan);
        self.learner.optimizer.with_average(run)
    }

    fn save(&self, header: CheckpointHeader, save: &mut SaveCheckpoint<'_, Experiment>) -> Result<(), TrainError> {
        let Learner { optimizer, discriminator, .. } = &self.learner;
        let mut optimizer_steps = vec![(TOKENIZER.to_owned(), optimizer.adam().steps())];
        let mut tensors = optimizer.tensors(TOKENIZER, &self.state.store);
        if let Some(trainer) = discriminator {
            optimizer_steps.push((DISCRIMINATOR.to_owned(), trainer.adam.steps()));
            tensors.extend(trainer.tensors(DISCRIMINATOR));
        }
        tensors.extend(self.alarm.as_ref().map(|alarm| (USAGE.to_owned(), alarm.counts().shallow_clone())));
        save(&CheckpointContents {
            header: CheckpointHeader {
                optimizer_steps: optimizer_steps.into_iter().collect(),
                usage_steps: self.alarm.as_ref().map_or(0, UsageAlarm::steps),
                ..header
            },
            prior: self.state.prior.as_ref(),
            language: self.state.captions.as_ref().map(|captions| captions.language().as_ref()),
            tensors,
        })
    }

    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), TrainError> {
        self.learner.optimizer.restore(TOKENIZER, &self.state.store, checkpoint)?;
        if let Some(trainer) = &mut self.learner.discriminator {
            trainer.restore(DISCRIMINATOR, checkpoint)?;
        }
        if let Some(alarm) = self.alarm.as_mut().filter(|_| checkpoint.has(USAGE)) {
            let codes = self.state.tokenizer.layout().codes;
            let counts = checkpoint.tensor(USAGE, tch::Kind::Int64, &[codes])?;
            alarm.restore(&counts, checkpoint.header().usage_steps);
        }
        Ok(())
    }
}
