//! The training loop.

use std::path::Path;
use std::time::{Duration, Instant};

use tch::Tensor;
use vq_core::{CoreError, Mode};
use vq_data::Loader;
use vq_model::ModelError;

use crate::atomic_file::write_atomically;
use crate::randomness::Turn;
use crate::{
    Adam, Checkpoint, CheckpointHeader, Experiment, Loss, MetricsLog, Plan, Record, RunDir, TokenizerState, TrainError,
    Validation,
};

/// Hears what happens in a run, and may end it.
pub trait Watch {
    /// A step was taken; `step` counts from 1.
    fn step(&mut self, step: u64);
    /// A record was written to the log.
    fn record(&mut self, record: &Record);
    /// Whether to save and stop after the step at hand.
    fn wants_stop(&self) -> bool;
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    /// Steps taken in all, by this run and those that it resumed.
    pub step: u64,
    /// The last validation; none if the run was stopped.
    pub validation: Option<Validation>,
    /// Time of this run.
    pub elapsed: Duration,
}

/// Trains a tokenizer into a run folder.
pub struct Trainer {
    plan: Plan,
    run: RunDir,
    state: TokenizerState,
    adam: Adam,
    loss: Loss,
    log: MetricsLog,
    step: u64,
    /// Of the step just taken, still on its device.
    last_loss: Option<Tensor>,
}

impl Trainer {
    /// Begins a run in a new folder, which is made once everything else has gone well; writes its `config.toml`.
    ///
    /// # Errors
    /// [`TrainError`] if the tokenizer cannot be built or the folder not be made and written.
    pub fn begin(plan: Plan, make_run: impl FnOnce() -> Result<RunDir, TrainError>) -> Result<Self, TrainError> {
        let state = TokenizerState::fresh(&plan.experiment, plan.prior.clone(), plan.device)?;
        let adam = Adam::new(&state.store, plan.experiment.optimizer.clone());
        let loss = plan.experiment.loss.build(plan.device)?;
        let run = make_run()?;
        let config = toml::to_string(&plan.experiment).map_err(|error| TrainError::Config {
            file: run.config().display().to_string(),
            message: error.to_string(),
        })?;
        std::fs::write(run.config(), config).map_err(TrainError::io("write", &run.config()))?;
        let log = MetricsLog::open(&run.metrics(), 0)?;
        Ok(Self { plan, run, state, adam, loss, log, step: 0, last_loss: None })
    }

    /// Goes on from the last checkpoint of a run folder, with the experiment and the words that it holds.
    ///
    /// # Errors
    /// [`TrainError::Io`] if there is no checkpoint, [`TrainError::Checkpoint`] if it does not fit.
    pub fn resume(run: RunDir) -> Result<Self, TrainError> {
        let checkpoint = Checkpoint::open(&run.checkpoint())?;
        let CheckpointHeader { step, experiment } = checkpoint.header().clone();
        let plan = Plan::with_prior(experiment, checkpoint.prior()?)?;
        let state = TokenizerState::fresh(&plan.experiment, plan.prior.clone(), plan.device)?;
        checkpoint.restore_model(&state.store)?;
        let mut adam = Adam::new(&state.store, plan.experiment.optimizer.clone());
        checkpoint.restore_adam(&mut adam)?;
        let loss = plan.experiment.loss.build(plan.device)?;
        let log = MetricsLog::open(&run.metrics(), step)?;
        Ok(Self { plan, run, state, adam, loss, log, step, last_loss: None })
    }

    /// The plan of the run.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The run folder.
    pub fn run_dir(&self) -> &RunDir {
        &self.run
    }

    /// Steps taken so far.
    pub fn steps_taken(&self) -> u64 {
        self.step
    }

    /// Number of trainable parameters.
    pub fn parameters(&self) -> usize {
        self.state.store.trainable_variables().iter().map(Tensor::numel).sum()
    }

    /// Trains until the last step, or until `watch` wants to stop; either way a checkpoint is saved.
    ///
    /// # Errors
    /// [`TrainError::NotFinite`] if the loss is no number any more, or whatever cannot be read or written.
    pub fn run(&mut self, watch: &mut dyn Watch) -> Result<Outcome, TrainError> {
        let begun = Instant::now();
        let Experiment { train, .. } = self.plan.experiment.clone();
        let mut batches = self.plan.train_batches(self.step)?;
        let mut lap = Lap::begin();
        let mut validation = None;
        while self.step < train.steps && !watch.wants_stop() {
            let step = self.step + 1;
            let logs = step.is_multiple_of(train.log_every) || step == train.steps;
            let record = self.take_step(step, &mut batches, &mut lap, logs)?;
            watch.step(step);
            if let Some(record) = record {
                self.log.append(&record)?;
                watch.record(&record);
            }
            let paused = Instant::now();
            if step.is_multiple_of(train.validate_every) || step == train.steps {
                validation = Some(self.validate(watch)?);
            }
            if step.is_multiple_of(train.checkpoint_every) && step < train.steps {
                self.save()?;
            }
            lap.exclude(paused.elapsed());
        }
        self.save()?;
        if self.step >= train.steps && validation.is_none() {
            validation = Some(Validation::run(&self.state.tokenizer, &self.plan)?);
        }
        Ok(Outcome {
            step: self.step,
            validation: validation.filter(|_| self.step >= train.steps),
            elapsed: begun.elapsed(),
        })
    }

    /// One optimizer step; a record of it if `logs`.
    fn take_step(
        &mut self,
        step: u64,
        batches: &mut Loader,
        lap: &mut Lap,
        logs: bool,
    ) -> Result<Option<Record>, TrainError> {
        let Experiment { seed, schedule, train, .. } = &self.plan.experiment;
        let Some(batch) = batches.next() else {
            unreachable!("training batches never end");
        };
        let batch = batch?;
        let images = self.plan.to_tensor(&batch);
        let turn = Turn::seeded(mix(*seed, step));
        let result = self.state.tokenizer.reconstruct(&images, Mode::Train).map_err(|error| match error {
            ModelError::Quantizer(error @ CoreError::NotFinite { .. }) => {
                TrainError::NotFinite { step, what: error.to_string() }
            }
            other => other.into(),
        })?;
        drop(turn); // what follows draws nothing
        let losses = self.loss.losses(&result, &images)?;
        self.adam.zero_grad();
        losses.total.f_backward()?;
        let learning_rate = schedule.rate(step, train.steps);
        self.adam.step(learning_rate);
        self.step = step;
        lap.images += batch.count;
        self.last_loss = Some(losses.total.detach());
        if !logs {
            return Ok(None);
        }
        self.check_finite()?;
        let loss = losses.total.double_value(&[]);
        Ok(Some(Record::Train {
            step,
            loss,
            reconstruction: losses.reconstruction.double_value(&[]),
            codebook: losses.codebook.double_value(&[]),
            learning_rate,
            images_per_second: lap.finish(),
        }))
    }

    fn validate(&mut self, watch: &mut dyn Watch) -> Result<Validation, TrainError> {
        let validation = Validation::run(&self.state.tokenizer, &self.plan)?;
        let record = validation.record(self.step);
        self.log.append(&record)?;
        watch.record(&record);
        write_png(&validation.grid, &self.run.grid(self.step))?;
        Ok(validation)
    }

    /// Reads the last loss, which waits for its device: done where a record or a checkpoint is written anyway.
    fn check_finite(&self) -> Result<(), TrainError> {
        match self.last_loss.as_ref().map(|loss| loss.double_value(&[])) {
            Some(loss) if !loss.is_finite() => {
                Err(TrainError::NotFinite { step: self.step, what: format!("the loss is {loss}") })
            }
            _ => Ok(()),
        }
    }

    /// Replaces the checkpoint, unless the loss is no number any more: then the one before is worth more.
    fn save(&self) -> Result<(), TrainError> {
        self.check_finite()?;
        let header = CheckpointHeader { step: self.step, experiment: self.plan.experiment.clone() };
        let prior = self.state.prior.as_ref();
        Checkpoint::save(&self.run.checkpoint(), &header, prior, &self.state.store, &self.adam)
    }
}

/// Images and time since the last record.
struct Lap {
    begun: Instant,
    excluded: Duration,
    images: usize,
}

impl Lap {
    fn begin() -> Self {
        Self { begun: Instant::now(), excluded: Duration::ZERO, images: 0 }
    }

    /// Time that is not training's.
    fn exclude(&mut self, time: Duration) {
        self.excluded += time;
    }

    /// Images per second, and a new lap.
    fn finish(&mut self) -> f64 {
        let lap = std::mem::replace(self, Self::begin());
        lap.images as f64 / (lap.begun.elapsed() - lap.excluded).as_secs_f64()
    }
}

fn write_png(picture: &image::RgbImage, path: &Path) -> Result<(), TrainError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(TrainError::io("make folder", folder))?;
    let mut bytes = std::io::Cursor::new(Vec::new());
    let encoded = picture.write_to(&mut bytes, image::ImageFormat::Png);
    encoded.map_err(|error| TrainError::io("encode", path)(std::io::Error::other(error)))?;
    write_atomically(path, |file| std::io::Write::write_all(file, bytes.get_ref()))
}

/// A seed for one step of a run (the finalizer of SplitMix64).
fn mix(seed: u64, step: u64) -> u64 {
    let mut z = seed ^ step.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
