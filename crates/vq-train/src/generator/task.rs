//! A generator as a task.

use tch::{Device, Tensor, nn};
use vq_core::Mode;
use vq_experiment::{BestBy, ConfigError};
use vq_generate::{Generator, GeneratorBatch, GeneratorLoss};
use vq_pipeline::{
    CheckpointContents, CheckpointHeader, GeneratorCheckpoint, GeneratorSetup, RngGuard, TokenDraw, Trained,
};
use vq_run::{RunDir, RunError};

use super::plan::GeneratorPlan;
use super::validation::GeneratorValidation;
use crate::engine::StepFigures;
use crate::{
    Batches, MicroBatches, ModelOptimizer, Run, RunSettings, SaveCheckpoint, Seeded, StepAt, StepResult, StepSums,
    Task, TrainError,
};

/// A generator in training.
pub struct GeneratorTask {
    /// The plan of the run.
    pub plan: GeneratorPlan,
    store: nn::VarStore,
    generator: Generator,
    optimizer: ModelOptimizer,
}

/// The run of a generator.
pub type GeneratorRun = Run<GeneratorTask>;

impl GeneratorRun {
    /// Begins a run in a new folder, which `make_folder` creates once everything else has succeeded; writes its
    /// `config.toml` and a checkpoint of step 0.
    ///
    /// # Errors
    /// [`TrainError`] if the generator cannot be built or the folder cannot be created and written.
    pub fn begin(
        plan: GeneratorPlan,
        make_folder: impl FnOnce() -> Result<RunDir, RunError>,
    ) -> Result<Self, TrainError> {
        Self::begin_task(GeneratorTask::new(plan)?, make_folder)
    }

    /// Continues from the last checkpoint of a run folder, with its experiment, classes and language.
    ///
    /// # Errors
    /// [`TrainError::Run`] if another process trains in the folder, [`TrainError::File`] if there is no checkpoint,
    /// [`TrainError::Pipeline`] if it does not fit or the tokenizer is another one now.
    pub fn resume(folder: RunDir) -> Result<Self, TrainError> {
        Self::resume_task(folder, |checkpoint| GeneratorTask::new(GeneratorPlan::for_resume(checkpoint)?))
    }
}

impl GeneratorTask {
    /// A generator with random parameters from the experiment's seed.
    fn new(plan: GeneratorPlan) -> Result<Self, TrainError> {
        let experiment = &plan.setup.experiment;
        let store = nn::VarStore::new(plan.device);
        let guard = RngGuard::seeded(experiment.seed);
        let generator = plan.tokens.generator(&store, &plan.conditioner.conditioning(), experiment)?;
        drop(guard);
        let optimizer = ModelOptimizer::new(&store, &experiment.optimizer, experiment.train.ema_decay)?;
        Ok(Self { plan, store, generator, optimizer })
    }

    /// The gradient and figures of a micro-batch, each times `share`.
    fn micro_step(&self, Seeded { batch, seed }: Seeded<TokenDraw>, share: f64) -> Result<StepSums, TrainError> {
        let batch = self.plan.tokenize(batch)?;
        let condition = self.plan.conditioner.of_batch(&batch)?;
        let batch = GeneratorBatch { ids: batch.ids.to_device(self.plan.device), condition };
        let guard = RngGuard::seeded(seed);
        let GeneratorLoss { loss, negative_log_likelihood, .. } = self.generator.loss(&batch, Mode::Train)?;
        drop(guard);
        let gradient = self.optimizer.gradient(&(&loss * share))?;
        let mut figures = StepFigures::default();
        figures.push("loss", loss.detach());
        figures.push("nats_per_id", negative_log_likelihood);
        Ok(StepSums::new(gradient, figures.scaled(share)))
    }
}

impl Task for GeneratorTask {
    type Experiment = GeneratorSetup;
    type Batch = TokenDraw;
    type Validation = GeneratorValidation;

    fn trained(&self) -> GeneratorSetup {
        self.plan.setup.clone()
    }

    fn settings(&self) -> RunSettings<'_> {
        let experiment = &self.plan.setup.experiment;
        RunSettings {
            seed: experiment.seed,
            schedule: &experiment.schedule,
            train: &experiment.train,
            guards: &experiment.guards,
            best_by: BestBy::Likelihood,
        }
    }

    fn device(&self) -> Device {
        self.plan.device
    }

    fn parameters(&self) -> usize {
        self.store.trainable_variables().iter().map(Tensor::numel).sum()
    }

    fn batches(&self, first: u64) -> Result<Batches<TokenDraw>, TrainError> {
        let experiment = &self.plan.setup.experiment;
        let draws =
            self.plan.sets.train_batches(experiment.seed, experiment.tokens.batch_size, first, self.plan.device)?;
        Ok(Box::new(draws.map(|draw| Ok(draw?))))
    }

    fn count(batch: &TokenDraw) -> usize {
        batch.count()
    }

    fn step(&mut self, at: StepAt, next: &mut MicroBatches<'_, TokenDraw>) -> Result<StepResult, TrainError> {
        let accumulate = self.plan.setup.experiment.train.accumulate;
        let mut sums = None;
        for _ in 0..accumulate {
            sums = StepSums::add(sums, self.micro_step(next()?, 1.0 / accumulate as f64)?);
        }
        let sums = sums.ok_or_else(|| ConfigError::value("train.accumulate", "at least 1", accumulate))?;
        Ok(self.optimizer.apply(sums, at.learning_rate))
    }

    fn validate(&self) -> Result<GeneratorValidation, TrainError> {
        self.optimizer.with_average(|| GeneratorValidation::run(&self.generator, &self.plan))
    }

    fn save(
        &self,
        header: CheckpointHeader<GeneratorSetup>,
        save: &mut SaveCheckpoint<'_, GeneratorSetup>,
    ) -> Result<(), TrainError> {
        let name = GeneratorSetup::OPTIMIZER;
        save(&CheckpointContents {
            header: CheckpointHeader {
                optimizer_steps: [(name.to_owned(), self.optimizer.adam().steps())].into(),
                ..header
            },
            prior: None,
            language: self.plan.conditioner.language(),
            tensors: self.optimizer.tensors(name, &self.store),
        })
    }

    fn restore(&mut self, checkpoint: &GeneratorCheckpoint) -> Result<(), TrainError> {
        self.optimizer.restore(GeneratorSetup::OPTIMIZER, &self.store, checkpoint)
    }
}
