//! What a run trains, as the loop sees it.

use std::fmt::Debug;

use image::RgbImage;
use tch::Device;
use vq_core::Histogram;

use crate::checkpoint::CheckpointContents;
use crate::checkpoint_header::Trained;
use crate::step::Taken;
use crate::{
    BestBy, CheckpointFile, CheckpointHeader, Event, GuardsConfig, Record, ScheduleConfig, ToldImage, TrainConfig,
    TrainError,
};

/// What a run trains: a tokenizer, or a generator. The loop has steps, guards, log and checkpoints; a task has all that
/// is particular to what learns.
pub(crate) trait Task {
    /// What a checkpoint says of it.
    type Experiment: Trained;
    /// Data of one forward and backward pass.
    type Batch;
    /// Figures of the validation set.
    type Validation: Measured;

    fn trained(&self) -> Self::Experiment;

    fn course(&self) -> Course<'_>;

    fn device(&self) -> Device;

    /// Endless training batches, from batch `first` on; each is a function of its number.
    fn batches(&self, first: u64) -> Result<Batches<Self::Batch>, TrainError>;

    /// Images of a batch.
    fn count(batch: &Self::Batch) -> usize;

    /// Takes a step, which changes everything or nothing. Takes as many batches of `next` as the step has, come what may.
    fn step(&mut self, at: StepAt, next: &mut NextBatch<'_, Self::Batch>) -> Result<Taken, TrainError>;

    /// Learns from a step that went well what no gradient teaches.
    fn went_well(&mut self, _taken: &Taken, _micro_batches: u64) -> Result<(), TrainError> {
        Ok(())
    }

    /// Looks at a step, good or skipped.
    fn watch(&mut self, _taken: &Taken, _at: StepAt, _micro_batches: u64) -> Result<Watched, TrainError> {
        Ok(Watched::default())
    }

    /// Figures of the validation set, with the average of the weights if there is one.
    fn measure(&self) -> Result<Self::Validation, TrainError>;

    /// Has `save` write a checkpoint with this header, to which the task adds what it alone knows.
    fn save(
        &self,
        header: CheckpointHeader<Self::Experiment>,
        save: &mut SaveCheckpoint<'_, Self::Experiment>,
    ) -> Result<(), TrainError>;

    /// Takes over all tensors of a checkpoint.
    fn restore(&mut self, checkpoint: &CheckpointFile<Self::Experiment>) -> Result<(), TrainError>;
}

/// Batches that never end.
pub(crate) type Batches<B> = Box<dyn Iterator<Item = Result<B, TrainError>>>;

/// Gives the next batch.
pub(crate) type NextBatch<'a, B> = dyn FnMut() -> Result<Drawn<B>, TrainError> + 'a;

/// Writes a checkpoint.
pub(crate) type SaveCheckpoint<'a, E> = dyn FnMut(&CheckpointContents<'_, E>) -> Result<(), TrainError> + 'a;

/// What decides how a run goes, whatever it trains.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Course<'a> {
    pub(crate) seed: u64,
    pub(crate) schedule: &'a ScheduleConfig,
    pub(crate) train: &'a TrainConfig,
    pub(crate) guards: &'a GuardsConfig,
    pub(crate) best_by: BestBy,
}

/// Where a run is when it takes a step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StepAt {
    /// From 1.
    pub(crate) step: u64,
    pub(crate) learning_rate: f64,
}

/// A batch, and the seed of whatever its pass draws.
pub(crate) struct Drawn<B> {
    pub(crate) batch: B,
    pub(crate) seed: u64,
}

/// What came of looking at a step.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    pub(crate) events: Vec<Event>,
    /// Ends the run, once the events are told.
    pub(crate) fatal: Option<TrainError>,
}

/// Figures of a validation set.
pub(crate) trait Measured: Debug {
    /// The figure that decides which checkpoint is the best; higher is better.
    fn figure(&self, by: BestBy) -> f64;

    /// The line for the log.
    fn record(&self, step: u64) -> Record;

    /// Pictures of a few images, and what they are.
    fn pictures(&self) -> Pictures<'_>;

    /// How often each code was chosen, group by group; none where that is not what is measured.
    fn histograms(&self) -> &[Histogram] {
        &[]
    }

    /// What was said of the images of the grid.
    fn told(&self) -> &[ToldImage] {
        &[]
    }
}

/// Pictures of a validation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pictures<'a> {
    /// `reconstructions`, say.
    pub(crate) name: &'static str,
    pub(crate) grid: &'a RgbImage,
}
