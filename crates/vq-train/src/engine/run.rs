//! The training loop.

use std::collections::BTreeMap;
use std::time::Instant;

use tch::Device;
use vq_experiment::SkipRemedy;
use vq_file::{FileError, write_png};
use vq_pipeline::{Best, CheckpointFile, CheckpointHeader, Trained, environment};
use vq_random::derive_seed;
use vq_report::{ReportError, Reporter};
use vq_run::{Ending, Event, Kept, MetricsLog, Rank, Record, RunDir, RunError, RunLock, save_checkpoint, saved_steps};

use super::files::write_captions;
use super::guards::{AfterSkip, count_good, count_rollback, count_skip};
use super::outcome::{Outcome, RunEnd, TrainingObserver};
use super::progress::{Due, Progress};
use super::task::{Batches, Inspection, Seeded, StepAt, StepOutcome, StepResult, Task, ValidationResult};
use super::throughput::Throughput;
use crate::TrainError;
use crate::error::with_causes;

/// Trains a task into a run folder, which it locks while it exists.
pub struct Run<T: Task> {
    task: T,
    folder: RunDir,
    progress: Progress,
    metrics: MetricsLog,
    /// The last step, until its outcome is read.
    pending: Option<StepResult>,
    /// While it trains.
    reporter: Option<Reporter>,
    _lock: RunLock,
}

/// The outcome of the last step, as far as it was just read.
enum Settled {
    /// It was read before.
    Nothing,
    Good(BTreeMap<&'static str, f64>),
    Skipped,
    /// The run returned to an earlier step.
    RolledBack,
}

impl<T: Task> Run<T> {
    /// Begins in a new folder, which is made by `make_run` once everything else has succeeded; writes its `config.toml`
    /// and a checkpoint of step 0.
    ///
    /// # Errors
    /// [`TrainError`] if the folder cannot be made or written.
    pub fn begin_task(task: T, make_run: impl FnOnce() -> Result<RunDir, RunError>) -> Result<Self, TrainError> {
        let trained = task.trained();
        let config = trained.to_toml()?;
        let folder = make_run()?;
        let lock = folder.lock()?;
        std::fs::write(folder.config(), config).map_err(FileError::io("write", &folder.config()))?;
        let metrics = MetricsLog::open(&folder.metrics(), Kept::Bytes(0))?;
        let progress = Progress::from_header(&CheckpointHeader::fresh(trained));
        let mut run = Self { task, folder, metrics, progress, pending: None, reporter: None, _lock: lock };
        run.save(Rank::Ordinary)?;
        Ok(run)
    }

    /// Continues from the last checkpoint of a run folder, with a task that `task` makes of it.
    ///
    /// # Errors
    /// [`TrainError::Run`] if another process trains in the folder, [`TrainError::Pipeline`] if the checkpoint cannot
    /// be read or does not fit.
    pub fn resume_task(
        folder: RunDir,
        task: impl FnOnce(&CheckpointFile<T::Experiment>) -> Result<T, TrainError>,
    ) -> Result<Self, TrainError> {
        // A folder that holds no run gets no lock file.
        let path = folder.checkpoint();
        std::fs::metadata(&path).map_err(FileError::io("read checkpoint", &path))?;
        let lock = folder.lock()?;
        let checkpoint = CheckpointFile::open(&path)?;
        let mut task = task(&checkpoint)?;
        let header = checkpoint.header();
        let kept = header.log_length.map_or(Kept::UpToStep(header.step), Kept::Bytes);
        let metrics = MetricsLog::open(&folder.metrics(), kept)?;
        let progress = Progress::from_header(header);
        task.restore(&checkpoint)?;
        Ok(Self { task, folder, metrics, progress, pending: None, reporter: None, _lock: lock })
    }

    /// The task.
    pub fn task(&self) -> &T {
        &self.task
    }

    /// The run folder.
    pub fn folder(&self) -> &RunDir {
        &self.folder
    }

    /// Steps taken so far, skipped ones included.
    pub fn steps_taken(&self) -> u64 {
        self.progress.step
    }

    /// Saves a checkpoint of the last step, whose outcome must have been read.
    fn save(&mut self, rank: Rank) -> Result<(), TrainError> {
        let Progress { step, micro_batches, guards, best, .. } = self.progress.clone();
        let fresh = CheckpointHeader::fresh(self.task.trained());
        let header =
            CheckpointHeader { step, micro_batches, guards, best, log_length: Some(self.metrics.length()), ..fresh };
        let keep = self.task.settings().train.keep_checkpoints;
        self.task.save(header, &mut |contents| {
            save_checkpoint(&self.folder, step, rank, keep, |path| Ok(CheckpointFile::save(path, contents)?))
        })?;
        self.progress.owes_checkpoint = false;
        self.progress.saved = Some(step);
        Ok(())
    }

    /// Trains until the last step, or until the observer wants to stop; a checkpoint is saved in both cases.
    ///
    /// On the CPU the outcome of a step is read at once. On other devices, the device itself decides whether a step
    /// counts, and the outcome is read when the next step begins, or when a figure is read anyway.
    ///
    /// # Errors
    /// [`TrainError::NotFinite`] if steps go wrong and the guards have no remedy left, [`TrainError::Collapsed`] if too
    /// few codes are used and the guards are configured to stop, or what cannot be read or written. A validation or a
    /// report that fails is not an error but an event.
    pub fn train(&mut self, observer: &mut dyn TrainingObserver) -> Result<Outcome<T::Validation>, TrainError> {
        match Reporter::open(&self.folder, environment(self.task.device()), self.progress.step) {
            Ok(reporter) => self.reporter = Some(reporter),
            Err(error) => self.log_event(Event::ReportFailed { reason: with_causes(&error) }, observer)?,
        }
        let result = self.train_steps(observer);
        let ending = match &result {
            Ok(Outcome { end: RunEnd::Finished, .. }) => Ending::Finished,
            Ok(Outcome { end: RunEnd::Stopped, .. }) => Ending::Stopped,
            Err(error) => Ending::Failed { message: with_causes(error) },
        };
        let closed = self.reporter.take().map(|reporter| reporter.close(self.progress.step, ending));
        let outcome = result?;
        if let Some(Err(error)) = closed {
            self.log_event(Event::ReportFailed { reason: with_causes(&error) }, observer)?;
        }
        Ok(outcome)
    }

    /// Passes something to the reporter. A report that fails does not end the run: it is logged and given up.
    fn report(
        &mut self,
        observer: &mut dyn TrainingObserver,
        show: impl FnOnce(&mut Reporter) -> Result<(), ReportError>,
    ) -> Result<(), TrainError> {
        let Some(Err(error)) = self.reporter.as_mut().map(show) else { return Ok(()) };
        self.reporter = None;
        self.log_event(Event::ReportFailed { reason: with_causes(&error) }, observer)
    }

    fn train_steps(&mut self, observer: &mut dyn TrainingObserver) -> Result<Outcome<T::Validation>, TrainError> {
        let begun = Instant::now();
        let train = self.task.settings().train.clone();
        let mut batches = self.task.batches(self.progress.micro_batches)?;
        let mut throughput = Throughput::begin();
        let mut validated = None;
        loop {
            self.settle(observer)?;
            if self.progress.step >= train.steps || observer.wants_stop() {
                break;
            }
            let result = self.take_step(&mut batches, &mut throughput)?;
            self.pending = Some(result);
            let step = self.progress.step;
            observer.step(step);
            let due = Due::after(step, &train);
            if !due.any() && !self.progress.owes_checkpoint && self.task.device() != Device::Cpu {
                continue;
            }
            match self.settle(observer)? {
                Settled::RolledBack => continue,
                Settled::Good(figures) if due.log => {
                    let record = self.record(figures, &mut throughput);
                    self.log(record, observer)?;
                }
                Settled::Good(_) | Settled::Skipped | Settled::Nothing => {}
            }
            let paused = Instant::now();
            let mut rank = Rank::Ordinary;
            if due.validation {
                let validation = self.validate(observer)?;
                rank = validation.as_ref().map_or(rank, |validation| self.rank(validation));
                validated = Some(validation);
            }
            self.progress.owes_checkpoint |= due.checkpoint || rank == Rank::Best;
            // A rollback may return to a checkpoint only if its step was good.
            if self.progress.owes_checkpoint && self.progress.guards.skipped_in_a_row == 0 {
                self.save(rank)?;
            }
            throughput.exclude(paused.elapsed());
        }
        let step = self.progress.step;
        if self.progress.saved != Some(step) {
            self.save(Rank::Ordinary)?;
        }
        let end = if step >= train.steps { RunEnd::Finished } else { RunEnd::Stopped };
        let validation = match (end, validated) {
            (RunEnd::Stopped, _) => None,
            (RunEnd::Finished, Some(validation)) => validation,
            (RunEnd::Finished, None) => Some(self.task.validate()?),
        };
        Ok(Outcome { step, end, validation, elapsed: begun.elapsed() })
    }

    fn take_step(
        &mut self,
        batches: &mut Batches<T::Batch>,
        throughput: &mut Throughput,
    ) -> Result<StepResult, TrainError> {
        let seed = self.task.settings().seed;
        self.progress.step += 1;
        let at = self.at();
        let micro_batches = &mut self.progress.micro_batches;
        self.task.step(at, &mut || {
            let Some(batch) = batches.next() else {
                unreachable!("training batches never end");
            };
            let batch = batch?;
            *micro_batches += 1;
            throughput.count(T::count(&batch));
            Ok(Seeded { batch, seed: derive_seed(seed, *micro_batches) })
        })
    }

    /// The current step.
    fn at(&self) -> StepAt {
        let settings = self.task.settings();
        let (step, factor) = (self.progress.step, self.progress.guards.rate_factor);
        StepAt { step, learning_rate: settings.schedule.rate(step, settings.train.steps) * factor }
    }

    /// Reads the outcome of the last step, unless it was read before, and acts on it.
    fn settle(&mut self, observer: &mut dyn TrainingObserver) -> Result<Settled, TrainError> {
        let Some(result) = self.pending.take() else { return Ok(Settled::Nothing) };
        let settled = match result.outcome()? {
            StepOutcome::Good(figures) => {
                count_good(&mut self.progress.guards);
                self.task.after_good_step(&result, self.progress.micro_batches)?;
                Settled::Good(figures)
            }
            StepOutcome::Skipped(reason) => self.skipped(reason, observer)?,
        };
        if !matches!(settled, Settled::RolledBack) {
            self.inspect(&result, observer)?;
        }
        Ok(settled)
    }

    fn skipped(&mut self, reason: String, observer: &mut dyn TrainingObserver) -> Result<Settled, TrainError> {
        let config = self.task.settings().guards.clone();
        let after = count_skip(&mut self.progress.guards, &config);
        let in_a_row = self.progress.guards.skipped_in_a_row;
        self.log_event(Event::StepSkipped { reason: reason.clone(), in_a_row }, observer)?;
        let step = self.progress.step;
        let fail = |advice| Err(TrainError::NotFinite { step, skipped: in_a_row, reason: reason.clone(), advice });
        match after {
            AfterSkip::Continue => Ok(Settled::Skipped),
            AfterSkip::Stop if config.remedy == SkipRemedy::Stop => {
                fail("`guards.remedy` is `stop`; the last checkpoint is whole: start again with a lower learning rate")
            }
            AfterSkip::Stop => fail("`guards.max_rollbacks` did not help: start again with a lower learning rate"),
            AfterSkip::RollBack => {
                let Some(checkpoint) = last_good(&self.folder, step)? else {
                    return fail("there is no good checkpoint to return to: start again with a lower learning rate");
                };
                self.task.restore(&checkpoint)?;
                count_rollback(&mut self.progress.guards, &config);
                let rate_factor = self.progress.guards.rate_factor;
                let to_step = checkpoint.header().step;
                self.log_event(Event::RolledBack { to_step, rate_factor }, observer)?;
                self.progress.step = to_step;
                // The state of the guards must be saved: else a run that is killed now rolls back forever.
                self.save(Rank::Ordinary)?;
                Ok(Settled::RolledBack)
            }
        }
    }

    fn inspect(&mut self, result: &StepResult, observer: &mut dyn TrainingObserver) -> Result<(), TrainError> {
        let Inspection { events, fatal } = self.task.inspect(result, self.at(), self.progress.micro_batches)?;
        events.into_iter().try_for_each(|event| self.log_event(event, observer))?;
        fatal.map_or(Ok(()), Err)
    }

    fn validate(&mut self, observer: &mut dyn TrainingObserver) -> Result<Option<T::Validation>, TrainError> {
        let step = self.progress.step;
        let measured = self.task.validate().and_then(|validation| {
            if let Some(grid) = validation.grid() {
                write_png(&self.folder.grid(step), grid.image)?;
            }
            if !validation.captions().is_empty() {
                write_captions(validation.captions(), &self.folder.captions(step))?;
            }
            Ok(validation)
        });
        match measured {
            Ok(validation) => {
                self.log(validation.record(step), observer)?;
                self.report(observer, |reporter| {
                    let histograms = validation.histograms();
                    let codes: Vec<_> = histograms.iter().map(|group| (&*group.group, &*group.counts)).collect();
                    reporter.validation(step, validation.grid().map(|grid| (grid.name, grid.image)), &codes)
                })?;
                Ok(Some(validation))
            }
            Err(error) => {
                self.log_event(Event::ValidationFailed { reason: with_causes(&error) }, observer)?;
                Ok(None)
            }
        }
    }

    /// Whether a validation is the best so far; if so, records it.
    fn rank(&mut self, validation: &T::Validation) -> Rank {
        let by = self.task.settings().best_by;
        let value = validation.rank(by);
        let best = self.progress.best.as_ref().map_or(f64::NEG_INFINITY, |best| best.value);
        // False for NaN. While steps are skipped, no checkpoint is saved, so none can be the best.
        if value > best && self.progress.guards.skipped_in_a_row == 0 {
            self.progress.best = Some(Best { step: self.progress.step, by, value });
            return Rank::Best;
        }
        Rank::Ordinary
    }

    fn record(&self, mut figures: BTreeMap<&'static str, f64>, throughput: &mut Throughput) -> Record {
        let StepAt { step, learning_rate } = self.at();
        let [loss, reconstruction, codebook, gradient_norm] =
            ["loss", "reconstruction", "codebook", "gradient_norm"].map(|name| figures.remove(name));
        Record::Train {
            step,
            // Every step has this figure.
            loss: loss.unwrap_or(f64::NAN),
            reconstruction,
            codebook,
            learning_rate,
            images_per_second: throughput.finish(),
            gradient_norm,
            terms: figures.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        }
    }

    fn log_event(&mut self, event: Event, observer: &mut dyn TrainingObserver) -> Result<(), TrainError> {
        self.log(Record::Event { step: self.progress.step, event }, observer)
    }

    fn log(&mut self, record: Record, observer: &mut dyn TrainingObserver) -> Result<(), TrainError> {
        self.metrics.append(&record)?;
        self.report(observer, |reporter| reporter.record(&record))?;
        observer.record(&record);
        Ok(())
    }
}

/// The newest checkpoint at or before `step` whose step was good.
fn last_good<E: Trained>(folder: &RunDir, step: u64) -> Result<Option<CheckpointFile<E>>, TrainError> {
    for saved in saved_steps(folder)?.into_iter().rev().filter(|&saved| saved <= step) {
        let checkpoint = CheckpointFile::<E>::open(&folder.step_checkpoint(saved))?;
        if checkpoint.header().guards.skipped_in_a_row == 0 {
            return Ok(Some(checkpoint));
        }
    }
    Ok(None)
}
