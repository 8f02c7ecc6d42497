//! A scene classifier as a task.

use tch::{Device, Tensor};
use vq_data::EpochStream;
use vq_experiment::{BestBy, ConfigError, SceneClassifierExperiment};
use vq_pipeline::{
    CheckpointContents, CheckpointHeader, ClassifierLoss, PipelineError, SceneBatch, SceneClassifierCheckpoint,
    SceneClassifierFigures, SceneClassifierSetup, Trained, TrainedSceneClassifier,
};
use vq_run::{Record, RunDir, RunError};
use vq_scenes::EmojiScenes;

use crate::engine::StepFigures;
use crate::{
    Batches, MicroBatches, ModelOptimizer, Run, RunSettings, SaveCheckpoint, StepAt, StepResult, StepSums, Task,
    TrainError, ValidationResult,
};

/// Everything that a run of a scene classifier needs, checked and made.
pub struct SceneClassifierPlan {
    /// What its checkpoints record.
    pub setup: SceneClassifierSetup,
    /// The device.
    pub device: Device,
    train: EmojiScenes,
    validation: EmojiScenes,
    held_out: EmojiScenes,
}

/// A scene classifier in training.
pub struct SceneClassifierTask {
    /// The plan of the run.
    pub plan: SceneClassifierPlan,
    classifier: TrainedSceneClassifier,
    optimizer: ModelOptimizer,
}

/// The run of a scene classifier.
pub type SceneClassifierRun = Run<SceneClassifierTask>;

/// Scores on the validation scenes and on held-out ones.
#[derive(Debug, Clone, Copy)]
pub struct SceneClassifierValidation(pub SceneClassifierFigures);

impl SceneClassifierPlan {
    /// Checks the experiment, finds the device, and makes the scenes.
    ///
    /// # Errors
    /// The first error, named by its key.
    pub fn new(experiment: SceneClassifierExperiment) -> Result<Self, TrainError> {
        Self::with_setup(SceneClassifierSetup::new(experiment)?)
    }

    fn with_setup(setup: SceneClassifierSetup) -> Result<Self, TrainError> {
        let experiment = &setup.experiment;
        let device = experiment.device.resolve()?;
        let [train, validation, held_out] = experiment.scenes()?.worlds(&experiment.data.transform)?;
        Ok(Self { setup, device, train, validation, held_out })
    }

    /// The number of scenes in an epoch and of validation scenes.
    pub fn scene_counts(&self) -> [usize; 2] {
        [self.train.config().length, self.validation.config().length]
    }
}

impl SceneClassifierRun {
    /// Begins a run in a new folder, which `make_folder` creates once everything else has succeeded.
    ///
    /// # Errors
    /// [`TrainError`] if the classifier cannot be built or the folder cannot be created and written.
    pub fn begin(
        plan: SceneClassifierPlan,
        make_folder: impl FnOnce() -> Result<RunDir, RunError>,
    ) -> Result<Self, TrainError> {
        Self::begin_task(SceneClassifierTask::new(plan)?, make_folder)
    }

    /// Continues from the last checkpoint of a run folder.
    ///
    /// # Errors
    /// [`TrainError::Run`] if another process trains in the folder, [`TrainError::File`] if there is no checkpoint,
    /// [`TrainError::Pipeline`] if it does not fit.
    pub fn resume(folder: RunDir) -> Result<Self, TrainError> {
        Self::resume_task(folder, |checkpoint: &SceneClassifierCheckpoint| {
            SceneClassifierTask::new(SceneClassifierPlan::with_setup(checkpoint.header().experiment.clone())?)
        })
    }
}

impl SceneClassifierTask {
    fn new(plan: SceneClassifierPlan) -> Result<Self, TrainError> {
        let classifier = TrainedSceneClassifier::fresh(plan.setup.clone(), plan.device)?;
        let SceneClassifierExperiment { optimizer, train, .. } = &plan.setup.experiment;
        let optimizer = ModelOptimizer::new(&classifier.store, optimizer, train.ema_decay)?;
        Ok(Self { plan, classifier, optimizer })
    }

    /// The gradient and figures of a micro-batch, each times `share`.
    fn micro_step(&self, batch: &SceneBatch, share: f64) -> Result<StepSums, TrainError> {
        let device = self.plan.device;
        let factor = self.plan.setup.experiment.network.factor() as u32;
        let targets = self.classifier.labels.targets(&batch.truths, factor, device)?;
        let prediction = self.classifier.network.forward(&batch.images.to_device(device))?;
        let loss = targets.loss(&prediction);
        let total = loss.total();
        let gradient = self.optimizer.gradient(&if share < 1.0 { &total * share } else { total.shallow_clone() })?;
        let ClassifierLoss { presence, color, position } = loss;
        let mut figures = StepFigures::default();
        figures.push("loss", total.detach());
        figures.push("presence", presence.detach());
        figures.push("color", color.detach());
        figures.push("position", position.detach());
        Ok(StepSums::new(gradient, figures.scaled(share)))
    }
}

/// Endless batches of scenes, epoch by epoch in an order of the seed. Scenes are made here and not by a loader, because
/// image and truth are made together.
struct SceneBatches {
    world: EmojiScenes,
    order: EpochStream,
    batch_size: u64,
    next: u64,
}

impl Iterator for SceneBatches {
    type Item = Result<SceneBatch, TrainError>;

    fn next(&mut self) -> Option<Self::Item> {
        let first = self.next * self.batch_size;
        self.next += 1;
        let positions = first..first + self.batch_size;
        Some(Ok(SceneBatch::new(positions.map(|position| self.world.scene(self.order.at(position) as u64)))))
    }
}

impl Task for SceneClassifierTask {
    type Experiment = SceneClassifierSetup;
    type Batch = SceneBatch;
    type Validation = SceneClassifierValidation;

    fn trained(&self) -> SceneClassifierSetup {
        self.plan.setup.clone()
    }

    fn settings(&self) -> RunSettings<'_> {
        let SceneClassifierExperiment { seed, schedule, train, guards, .. } = &self.plan.setup.experiment;
        RunSettings { seed: *seed, schedule, train, guards, best_by: BestBy::ObjectF1 }
    }

    fn device(&self) -> Device {
        self.plan.device
    }

    fn parameters(&self) -> usize {
        self.classifier.store.trainable_variables().iter().map(Tensor::numel).sum()
    }

    fn batches(&self, first: u64) -> Result<Batches<SceneBatch>, TrainError> {
        let SceneClassifierExperiment { seed, data, .. } = &self.plan.setup.experiment;
        let world = self.plan.train.clone();
        let order = EpochStream::new(world.config().length, *seed)?;
        Ok(Box::new(SceneBatches { world, order, batch_size: data.batch_size as u64, next: first }))
    }

    fn count(batch: &SceneBatch) -> usize {
        batch.truths.len()
    }

    fn step(&mut self, at: StepAt, next: &mut MicroBatches<'_, SceneBatch>) -> Result<StepResult, TrainError> {
        let accumulate = self.plan.setup.experiment.train.accumulate;
        let mut sums = None;
        for _ in 0..accumulate {
            sums = StepSums::add(sums, self.micro_step(&next()?.batch, 1.0 / accumulate as f64)?);
        }
        let sums = sums.ok_or_else(|| ConfigError::value("train.accumulate", "at least 1", accumulate))?;
        Ok(self.optimizer.apply(sums, at.learning_rate))
    }

    fn validate(&self) -> Result<SceneClassifierValidation, TrainError> {
        let figures = self.optimizer.with_average(|| {
            Ok::<_, PipelineError>(SceneClassifierFigures {
                validation: self.classifier.score_world(&self.plan.validation)?,
                held_out: self.classifier.score_world(&self.plan.held_out)?,
            })
        })?;
        Ok(SceneClassifierValidation(figures))
    }

    fn save(
        &self,
        header: CheckpointHeader<SceneClassifierSetup>,
        save: &mut SaveCheckpoint<'_, SceneClassifierSetup>,
    ) -> Result<(), TrainError> {
        let name = SceneClassifierSetup::OPTIMIZER;
        save(&CheckpointContents {
            header: CheckpointHeader {
                optimizer_steps: [(name.to_owned(), self.optimizer.adam().steps())].into(),
                ..header
            },
            prior: None,
            language: None,
            tensors: self.optimizer.tensors(name, &self.classifier.store),
        })
    }

    fn restore(&mut self, checkpoint: &SceneClassifierCheckpoint) -> Result<(), TrainError> {
        self.optimizer.restore(SceneClassifierSetup::OPTIMIZER, &self.classifier.store, checkpoint)
    }
}

impl ValidationResult for SceneClassifierValidation {
    fn rank(&self, _by: BestBy) -> f64 {
        self.0.validation.object_f1().unwrap_or(f64::NAN)
    }

    fn record(&self, step: u64) -> Record {
        let SceneClassifierFigures { validation, held_out } = &self.0;
        let figures = validation.figures("").into_iter().chain(held_out.figures("held_out_")).collect();
        Record::Classification { step, figures }
    }
}
