//! A generator as what a run trains.

use tch::{Device, Tensor, nn};
use vq_core::Mode;
use vq_generate::{Generator, GeneratorBatch, GeneratorLoss};

use super::plan::GeneratorPlan;
use super::setup::{GeneratorCheckpoint, GeneratorSetup};
use super::tokens::TokenDraw;
use super::validation::GeneratorValidation;
use crate::checkpoint_header::Trained;
use crate::figures::Figures;
use crate::randomness::Turn;
use crate::step::Taken;
use crate::task::{Batches, Course, Drawn, NextBatch, SaveCheckpoint, StepAt, Task};
use crate::{Adam, BestBy, CheckpointContents, CheckpointHeader, Gradient, TrainError, WeightAverage, Weights};

/// A generator that learns.
pub(crate) struct GeneratorTask {
    pub(crate) plan: GeneratorPlan,
    pub(crate) store: nn::VarStore,
    generator: Generator,
    adam: Adam,
    average: Option<WeightAverage>,
}

impl GeneratorTask {
    /// A new generator with random parameters, drawn from the experiment's seed.
    pub(crate) fn new(plan: GeneratorPlan) -> Result<Self, TrainError> {
        let experiment = &plan.setup.experiment;
        let store = nn::VarStore::new(plan.device);
        let turn = Turn::seeded(experiment.seed);
        let generator = plan.tokens.generator(&store, &plan.conditioner.conditioning(), experiment)?;
        drop(turn);
        let adam = Adam::new(&store, experiment.optimizer.clone())?;
        let average = experiment.train.ema.map(|decay| WeightAverage::new(&adam, decay));
        Ok(Self { plan, store, generator, adam, average })
    }
}

impl Task for GeneratorTask {
    type Experiment = GeneratorSetup;
    type Batch = TokenDraw;
    type Validation = GeneratorValidation;

    fn trained(&self) -> GeneratorSetup {
        self.plan.setup.clone()
    }

    fn course(&self) -> Course<'_> {
        let experiment = &self.plan.setup.experiment;
        Course {
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

    fn batches(&self, first: u64) -> Result<Batches<TokenDraw>, TrainError> {
        let experiment = &self.plan.setup.experiment;
        self.plan.sets.train_batches(experiment.seed, experiment.tokens.batch_size, first, self.plan.device)
    }

    fn count(batch: &TokenDraw) -> usize {
        batch.count()
    }

    fn step(&mut self, at: StepAt, next: &mut NextBatch<'_, TokenDraw>) -> Result<Taken, TrainError> {
        let accumulate = self.plan.setup.experiment.train.accumulate;
        let share = 1.0 / accumulate as f64;
        let mut sums: Option<(Gradient, Figures)> = None;
        for _ in 0..accumulate {
            let Drawn { batch, seed } = next()?;
            let batch = self.plan.tokenize(batch)?;
            let condition = self.plan.conditioner.of_batch(&batch)?;
            let batch = GeneratorBatch { ids: batch.ids.to_device(self.plan.device), condition };
            let turn = Turn::seeded(seed);
            let GeneratorLoss { loss, negative_log_likelihood, .. } = self.generator.loss(&batch, Mode::Train)?;
            drop(turn);
            let gradient = self.adam.gradient(&(&loss * share))?;
            let mut figures = Figures::default();
            figures.push("loss", loss.detach());
            figures.push("nats_per_id", negative_log_likelihood);
            let figures = figures.times(share);
            sums = Some(match sums {
                None => (gradient, figures),
                Some((mut sum, before)) => {
                    sum.accumulate(&gradient);
                    (sum, before.plus(figures))
                }
            });
        }
        let Some((gradient, mut figures)) = sums else {
            let (key, expected) = ("train.accumulate", "at least 1".into());
            return Err(TrainError::Option { key, expected, got: "0".into() });
        };
        figures.push("gradient_norm", gradient.norm());
        let consent = figures.are_finite();
        self.adam.step(gradient, at.learning_rate, &consent);
        if let Some(average) = &mut self.average {
            average.update(&self.adam, &consent);
        }
        Ok(Taken::of(figures, consent))
    }

    fn measure(&self) -> Result<GeneratorValidation, TrainError> {
        let run = || GeneratorValidation::run(&self.generator, &self.plan);
        match &self.average {
            Some(average) => average.lend(&self.adam, run),
            None => run(),
        }
    }

    fn save(
        &self,
        header: CheckpointHeader<GeneratorSetup>,
        save: &mut SaveCheckpoint<'_, GeneratorSetup>,
    ) -> Result<(), TrainError> {
        let optimizers = [(GeneratorSetup::OPTIMIZER, &self.adam)];
        let optimizer_steps = optimizers.iter().map(|&(name, adam)| (name.to_owned(), adam.steps())).collect();
        save(&CheckpointContents {
            header: &CheckpointHeader { optimizer_steps, ..header },
            prior: None,
            language: self.plan.conditioner.language(),
            store: &self.store,
            adversary: None,
            optimizers: &optimizers,
            average: self.average.as_ref().map(|average| (average, &self.adam)),
            usage: None,
        })
    }

    fn restore(&mut self, checkpoint: &GeneratorCheckpoint) -> Result<(), TrainError> {
        checkpoint.restore_model(&self.store, Weights::Raw)?;
        checkpoint.restore_optimizer(GeneratorSetup::OPTIMIZER, &mut self.adam)?;
        match &mut self.average {
            Some(average) => checkpoint.restore_average(average, &self.adam),
            None => Ok(()),
        }
    }
}

/// Number of trainable parameters.
pub(crate) fn parameters(store: &nn::VarStore) -> usize {
    store.trainable_variables().iter().map(Tensor::numel).sum()
}
