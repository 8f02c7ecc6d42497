//! What a run trains.

use std::collections::BTreeMap;
use std::fmt::Debug;

use image::RgbImage;
use tch::{Device, Tensor};
use vq_core::Histogram;
use vq_experiment::{BestBy, GuardsConfig, ScheduleConfig, TrainConfig};
use vq_pipeline::{CheckpointContents, CheckpointFile, CheckpointHeader, Trained};
use vq_run::{Event, GeneratedCaption, Record};

use crate::TrainError;
use crate::engine::StepFigures;

/// What a run trains. The loop has steps, guards, log and checkpoints; a task has all that is particular to its model.
pub trait Task {
    /// What a checkpoint records of it.
    type Experiment: Trained;
    /// The data of one forward and backward pass.
    type Batch;
    /// Figures of the validation set.
    type Validation: ValidationResult;

    /// What a checkpoint records.
    fn trained(&self) -> Self::Experiment;

    /// The settings of the run.
    fn settings(&self) -> RunSettings<'_>;

    /// The device that computes.
    fn device(&self) -> Device;

    /// Number of trainable parameters.
    fn parameters(&self) -> usize;

    /// Endless training batches from batch `first` on; each is a function of its number.
    ///
    /// # Errors
    /// [`TrainError`] if there are no data.
    fn batches(&self, first: u64) -> Result<Batches<Self::Batch>, TrainError>;

    /// The number of images of a batch.
    fn count(batch: &Self::Batch) -> usize;

    /// Takes a step, which changes everything or nothing. Draws `train.accumulate` micro-batches in any case, so that
    /// the position in the data is known beforehand.
    ///
    /// # Errors
    /// [`TrainError`] if data cannot be read or do not fit. A loss that is not finite is not an error: the step is then
    /// skipped.
    fn step(&mut self, at: StepAt, next: &mut MicroBatches<'_, Self::Batch>) -> Result<StepResult, TrainError>;

    /// Updates after a good step what is not trained by gradients, such as moving averages of codes.
    ///
    /// # Errors
    /// [`TrainError`] if the update fails.
    fn after_good_step(&mut self, _step: &StepResult, _micro_batches: u64) -> Result<(), TrainError> {
        Ok(())
    }

    /// Inspects a step, good or skipped.
    ///
    /// # Errors
    /// [`TrainError`] if it cannot be inspected.
    fn inspect(&mut self, _step: &StepResult, _at: StepAt, _micro_batches: u64) -> Result<Inspection, TrainError> {
        Ok(Inspection::default())
    }

    /// Figures of the validation set, with averaged weights if there are any.
    ///
    /// # Errors
    /// [`TrainError`] if an image cannot be read or measured.
    fn validate(&self) -> Result<Self::Validation, TrainError>;

    /// Calls `save` with the content of a checkpoint, made of this header and of what the task adds to it.
    ///
    /// # Errors
    /// Those of `save`.
    fn save(
        &self,
        header: CheckpointHeader<Self::Experiment>,
        save: &mut SaveCheckpoint<'_, Self::Experiment>,
    ) -> Result<(), TrainError>;

    /// Takes over all tensors of a checkpoint.
    ///
    /// # Errors
    /// [`TrainError::Pipeline`] naming the tensor that is missing or has another shape.
    fn restore(&mut self, checkpoint: &CheckpointFile<Self::Experiment>) -> Result<(), TrainError>;
}

/// Endless batches.
pub type Batches<B> = Box<dyn Iterator<Item = Result<B, TrainError>>>;

/// Draws the next micro-batch.
pub type MicroBatches<'a, B> = dyn FnMut() -> Result<Seeded<B>, TrainError> + 'a;

/// Writes a checkpoint.
pub type SaveCheckpoint<'a, E> = dyn FnMut(&CheckpointContents<'_, E>) -> Result<(), TrainError> + 'a;

/// The settings of a run, whatever it trains.
#[derive(Debug, Clone, Copy)]
pub struct RunSettings<'a> {
    /// The seed.
    pub seed: u64,
    /// The learning rate over the steps.
    pub schedule: &'a ScheduleConfig,
    /// Lengths and intervals.
    pub train: &'a TrainConfig,
    /// What happens when steps go wrong.
    pub guards: &'a GuardsConfig,
    /// The figure that ranks checkpoints.
    pub best_by: BestBy,
}

/// A step to be taken.
#[derive(Debug, Clone, Copy)]
pub struct StepAt {
    /// The step, from 1.
    pub step: u64,
    /// Its learning rate.
    pub learning_rate: f64,
}

/// A batch, and the seed of the random numbers of its pass.
pub struct Seeded<B> {
    /// The batch.
    pub batch: B,
    /// The seed.
    pub seed: u64,
}

/// What a step left behind, still on its device.
#[derive(Debug)]
pub struct StepResult {
    /// Scalars by name.
    pub(crate) figures: StepFigures,
    /// `Bool` scalar: whether all figures are finite, and so whether the step changed the parameters.
    pub all_finite: Tensor,
    /// Why the quantizer rejected a pass, if it did.
    pub(crate) rejected: Option<String>,
    /// `[B, H, W, S]` of each micro-batch that went through; empty if the model has no codes.
    pub ids: Vec<Tensor>,
    /// `[B, C, H, W]` of each micro-batch that went through, off the graph; empty if the model has no codes.
    pub latents: Vec<Tensor>,
}

/// The outcome of a step.
#[derive(Debug)]
pub(crate) enum StepOutcome {
    /// The step was taken; its figures by name.
    Good(BTreeMap<&'static str, f64>),
    /// The step changed nothing, for this reason.
    Skipped(String),
}

impl StepResult {
    /// A step of a model without codes.
    pub(crate) fn new(figures: StepFigures, all_finite: Tensor) -> Self {
        Self { figures, all_finite, rejected: None, ids: Vec::new(), latents: Vec::new() }
    }

    /// The outcome of the step; waits for the device.
    pub(crate) fn outcome(&self) -> Result<StepOutcome, TrainError> {
        if let Some(reason) = &self.rejected {
            return Ok(StepOutcome::Skipped(reason.clone()));
        }
        let figures = self.figures.read()?;
        let broken = figures.iter().find(|(_, value)| !value.is_finite());
        Ok(match broken {
            Some((name, value)) => StepOutcome::Skipped(format!("`{name}` is {value}")),
            None => StepOutcome::Good(figures),
        })
    }
}

/// The result of inspecting a step.
#[derive(Debug, Default)]
pub struct Inspection {
    /// Events to be logged.
    pub events: Vec<Event>,
    /// An error that ends the run once the events are logged.
    pub fatal: Option<TrainError>,
}

/// Figures of a validation set.
pub trait ValidationResult: Debug {
    /// The figure that ranks checkpoints; higher is better.
    fn rank(&self, by: BestBy) -> f64;

    /// The record for the log.
    fn record(&self, step: u64) -> Record;

    /// A grid of a few images, if there is one.
    fn grid(&self) -> Option<GridView<'_>> {
        None
    }

    /// How often each code was chosen, group by group; empty if the model has no codes.
    fn histograms(&self) -> &[Histogram] {
        &[]
    }

    /// Generated captions of the images of the grid.
    fn captions(&self) -> &[GeneratedCaption] {
        &[]
    }
}

/// A grid of images of a validation.
#[derive(Debug, Clone, Copy)]
pub struct GridView<'a> {
    /// Its name, such as `reconstructions`.
    pub name: &'static str,
    /// The grid.
    pub image: &'a RgbImage,
}
