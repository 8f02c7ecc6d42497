//! The training loop, whatever it trains.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use tch::Device;

use crate::atomic_file::write_atomically;
use crate::checkpoint_header::Trained;
use crate::checkpoint_store::{self, Rank};
use crate::error::with_causes;
use crate::guards::AfterSkip;
use crate::lap::Lap;
use crate::randomness::mix;
use crate::run_lock::RunLock;
use crate::step::{Taken, Verdict};
use crate::task::{Batches, Drawn, Measured, Pictures, StepAt, Task, Watched};
use crate::{
    Best, CheckpointFile, CheckpointHeader, End, Ending, Event, GuardState, Kept, MetricsLog, Outcome, Record,
    Reporter, RunDir, SkipRemedy, ToldImage, TrainConfig, TrainError, Watch,
};

/// A run into a folder, which it locks as long as it lives.
pub(crate) struct Training<T: Task> {
    pub(crate) task: T,
    pub(crate) run: RunDir,
    pub(crate) progress: Progress,
    log: MetricsLog,
    /// The step just taken, as long as nobody has asked what came of it.
    pending: Option<Taken>,
    /// While it runs.
    reporter: Option<Reporter>,
    _lock: RunLock,
}

/// Where a run is, besides what its tensors hold.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    pub(crate) step: u64,
    micro_batches: u64,
    guards: GuardState,
    best: Option<Best>,
    /// Whether a checkpoint was due when the step at hand had been skipped.
    owes_checkpoint: bool,
    /// The step of the last checkpoint of this run.
    saved: Option<u64>,
}

impl Progress {
    fn from_header<E: Clone>(header: &CheckpointHeader<E>) -> Self {
        let CheckpointHeader { step, micro_batches, guards, best, .. } = header.clone();
        Self { step, micro_batches, guards, best, owes_checkpoint: false, saved: Some(step) }
    }
}

/// What came of the step at hand, as far as is known.
enum Settled {
    /// Nothing is known that was not known before.
    Nothing,
    Good(BTreeMap<&'static str, f64>),
    Skipped,
    /// The step at hand is an earlier one now.
    RolledBack,
}

/// What a step is followed by.
struct Due {
    log: bool,
    validation: bool,
    checkpoint: bool,
}

impl Due {
    fn after(step: u64, train: &TrainConfig) -> Self {
        let last = step == train.steps;
        Self {
            log: last || step.is_multiple_of(train.log_every),
            validation: last || step.is_multiple_of(train.validate_every),
            checkpoint: !last && step.is_multiple_of(train.checkpoint_every),
        }
    }

    fn any(&self) -> bool {
        self.log || self.validation || self.checkpoint
    }
}

impl<T: Task> Training<T> {
    /// Begins in a new folder; writes its `config.toml` and a checkpoint of step 0.
    pub(crate) fn begin(task: T, make_run: impl FnOnce() -> Result<RunDir, TrainError>) -> Result<Self, TrainError> {
        let trained = task.trained();
        let config = trained.to_toml()?;
        let run = make_run()?;
        let lock = run.lock()?;
        std::fs::write(run.config(), config).map_err(TrainError::io("write", &run.config()))?;
        let log = MetricsLog::open(&run.metrics(), Kept::Bytes(0))?;
        let progress = Progress::from_header(&CheckpointHeader::fresh(trained));
        let mut training = Self { task, run, log, progress, pending: None, reporter: None, _lock: lock };
        training.save(Rank::Ordinary)?;
        Ok(training)
    }

    /// Goes on from the last checkpoint of a run folder, by a task that is made of it.
    pub(crate) fn resume(
        run: RunDir,
        task: impl FnOnce(&CheckpointFile<T::Experiment>) -> Result<T, TrainError>,
    ) -> Result<Self, TrainError> {
        // No lock is left in a folder that holds no run.
        std::fs::metadata(run.checkpoint()).map_err(TrainError::io("read checkpoint", &run.checkpoint()))?;
        let lock = run.lock()?;
        let checkpoint = CheckpointFile::open(&run.checkpoint())?;
        let mut task = task(&checkpoint)?;
        let header = checkpoint.header();
        let kept = header.log_length.map_or(Kept::UpToStep(header.step), Kept::Bytes);
        let log = MetricsLog::open(&run.metrics(), kept)?;
        let progress = Progress::from_header(header);
        task.restore(&checkpoint)?;
        Ok(Self { task, run, log, progress, pending: None, reporter: None, _lock: lock })
    }

    /// Saves a checkpoint of the step at hand, of which it must be known what came of it.
    fn save(&mut self, rank: Rank) -> Result<(), TrainError> {
        let Progress { step, micro_batches, guards, best, .. } = self.progress.clone();
        let fresh = CheckpointHeader::fresh(self.task.trained());
        let header =
            CheckpointHeader { step, micro_batches, guards, best, log_length: Some(self.log.length()), ..fresh };
        let keep = self.task.course().train.keep;
        self.task.save(header, &mut |contents| checkpoint_store::save(&self.run, contents, rank, keep))?;
        self.progress.owes_checkpoint = false;
        self.progress.saved = Some(step);
        Ok(())
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
    pub(crate) fn run(&mut self, watch: &mut dyn Watch) -> Result<Outcome<T::Validation>, TrainError> {
        match Reporter::open(&self.run, self.task.device(), self.progress.step) {
            Ok(reporter) => self.reporter = Some(reporter),
            Err(error) => self.tell_event(Event::ReportFailed { reason: with_causes(&error) }, watch)?,
        }
        let result = self.train(watch);
        let ending = match &result {
            Ok(outcome) => Ending::from(outcome.end),
            Err(error) => Ending::Failed { message: with_causes(error) },
        };
        let closed = self.reporter.take().map(|reporter| reporter.close(self.progress.step, ending));
        let outcome = result?;
        if let Some(Err(error)) = closed {
            self.tell_event(Event::ReportFailed { reason: with_causes(&error) }, watch)?;
        }
        Ok(outcome)
    }

    /// Has the reporter show something. A run is not lost for want of a report: if it fails, it is told of and let go.
    fn report(
        &mut self,
        watch: &mut dyn Watch,
        show: impl FnOnce(&mut Reporter) -> Result<(), TrainError>,
    ) -> Result<(), TrainError> {
        let Some(Err(error)) = self.reporter.as_mut().map(show) else { return Ok(()) };
        self.reporter = None;
        self.tell_event(Event::ReportFailed { reason: with_causes(&error) }, watch)
    }

    fn train(&mut self, watch: &mut dyn Watch) -> Result<Outcome<T::Validation>, TrainError> {
        let begun = Instant::now();
        let train = self.task.course().train.clone();
        let mut batches = self.task.batches(self.progress.micro_batches)?;
        let mut lap = Lap::begin();
        let mut validated = None;
        loop {
            self.settle(watch)?;
            if self.progress.step >= train.steps || watch.wants_stop() {
                break;
            }
            let taken = self.take_step(&mut batches, &mut lap)?;
            self.pending = Some(taken);
            let step = self.progress.step;
            watch.step(step);
            let due = Due::after(step, &train);
            if !due.any() && !self.progress.owes_checkpoint && self.task.device() != Device::Cpu {
                continue;
            }
            match self.settle(watch)? {
                Settled::RolledBack => continue,
                Settled::Good(figures) if due.log => {
                    let record = self.record(figures, &mut lap);
                    self.tell(record, watch)?;
                }
                Settled::Good(_) | Settled::Skipped | Settled::Nothing => {}
            }
            let paused = Instant::now();
            let mut rank = Rank::Ordinary;
            if due.validation {
                let validation = self.validate(watch)?;
                rank = validation.as_ref().map_or(rank, |validation| self.rank(validation));
                validated = Some(validation);
            }
            self.progress.owes_checkpoint |= due.checkpoint || rank == Rank::Best;
            // A checkpoint that a rollback may return to is one of a step that went well.
            if self.progress.owes_checkpoint && self.progress.guards.skipped_in_a_row == 0 {
                self.save(rank)?;
            }
            lap.exclude(paused.elapsed());
        }
        let step = self.progress.step;
        if self.progress.saved != Some(step) {
            self.save(Rank::Ordinary)?;
        }
        let end = if step >= train.steps { End::Finished } else { End::Stopped };
        let validation = match (end, validated) {
            (End::Stopped, _) => None,
            (End::Finished, Some(validation)) => validation,
            (End::Finished, None) => Some(self.task.measure()?),
        };
        Ok(Outcome { step, end, validation, elapsed: begun.elapsed() })
    }

    fn take_step(&mut self, batches: &mut Batches<T::Batch>, lap: &mut Lap) -> Result<Taken, TrainError> {
        let seed = self.task.course().seed;
        self.progress.step += 1;
        let at = self.at();
        let micro_batches = &mut self.progress.micro_batches;
        self.task.step(at, &mut || {
            let Some(batch) = batches.next() else {
                unreachable!("training batches never end");
            };
            let batch = batch?;
            *micro_batches += 1;
            lap.count(T::count(&batch));
            Ok(Drawn { batch, seed: mix(seed, *micro_batches) })
        })
    }

    /// The step at hand.
    fn at(&self) -> StepAt {
        let course = self.task.course();
        let (step, factor) = (self.progress.step, self.progress.guards.rate_factor);
        StepAt { step, learning_rate: course.schedule.rate(step, course.train.steps) * factor }
    }

    /// Asks what came of the step at hand, unless that is known, and does what follows from it.
    fn settle(&mut self, watch: &mut dyn Watch) -> Result<Settled, TrainError> {
        let Some(taken) = self.pending.take() else { return Ok(Settled::Nothing) };
        let verdict = taken.verdict()?;
        let settled = match verdict {
            Verdict::Good(figures) => {
                self.progress.guards.good();
                self.task.went_well(&taken, self.progress.micro_batches)?;
                Settled::Good(figures)
            }
            Verdict::Skipped(reason) => self.skipped(reason, watch)?,
        };
        if !matches!(settled, Settled::RolledBack) {
            self.look_at(&taken, watch)?;
        }
        Ok(settled)
    }

    fn skipped(&mut self, reason: String, watch: &mut dyn Watch) -> Result<Settled, TrainError> {
        let config = self.task.course().guards.clone();
        let after = self.progress.guards.skip(&config);
        let in_a_row = self.progress.guards.skipped_in_a_row;
        self.tell_event(Event::StepSkipped { reason: reason.clone(), in_a_row }, watch)?;
        let step = self.progress.step;
        let fail = |advice| Err(TrainError::NotFinite { step, skipped: in_a_row, reason: reason.clone(), advice });
        match after {
            AfterSkip::GoOn => Ok(Settled::Skipped),
            AfterSkip::Stop if config.remedy == SkipRemedy::Stop => {
                fail("`guards.remedy` is `stop`; the last checkpoint is whole: begin anew with a lower rate")
            }
            AfterSkip::Stop => fail("`guards.max_rollbacks` did not help: begin anew with a lower rate"),
            AfterSkip::RollBack => {
                let Some(checkpoint) = checkpoint_store::last_good(&self.run, step)? else {
                    return fail("there is no good checkpoint to go back to: begin anew with a lower rate");
                };
                self.task.restore(&checkpoint)?;
                self.progress.guards.roll_back(&config);
                let rate_factor = self.progress.guards.rate_factor;
                let to_step = checkpoint.header().step;
                self.tell_event(Event::RolledBack { to_step, rate_factor }, watch)?;
                self.progress.step = to_step;
                // What the guards remember must outlive the run: else one that is killed now rolls back for ever.
                self.save(Rank::Ordinary)?;
                Ok(Settled::RolledBack)
            }
        }
    }

    fn look_at(&mut self, taken: &Taken, watch: &mut dyn Watch) -> Result<(), TrainError> {
        let Watched { events, fatal } = self.task.watch(taken, self.at(), self.progress.micro_batches)?;
        events.into_iter().try_for_each(|event| self.tell_event(event, watch))?;
        fatal.map_or(Ok(()), Err)
    }

    fn validate(&mut self, watch: &mut dyn Watch) -> Result<Option<T::Validation>, TrainError> {
        let step = self.progress.step;
        let measured = self.task.measure().and_then(|validation| {
            write_png(validation.pictures().grid, &self.run.grid(step))?;
            if !validation.told().is_empty() {
                write_lines(validation.told(), &self.run.told(step))?;
            }
            Ok(validation)
        });
        match measured {
            Ok(validation) => {
                self.tell(validation.record(step), watch)?;
                let Pictures { name, grid } = validation.pictures();
                self.report(watch, |reporter| reporter.validation(step, name, grid, validation.histograms()))?;
                Ok(Some(validation))
            }
            Err(error) => {
                self.tell_event(Event::ValidationFailed { reason: with_causes(&error) }, watch)?;
                Ok(None)
            }
        }
    }

    /// Whether a validation is the best so far, and if so takes note.
    fn rank(&mut self, validation: &T::Validation) -> Rank {
        let by = self.task.course().best_by;
        let value = validation.figure(by);
        let best = self.progress.best.as_ref().map_or(f64::NEG_INFINITY, |best| best.value);
        // False for NaN. While steps are being skipped, no checkpoint is saved that could be the best.
        if value > best && self.progress.guards.skipped_in_a_row == 0 {
            self.progress.best = Some(Best { step: self.progress.step, by, value });
            return Rank::Best;
        }
        Rank::Ordinary
    }

    fn record(&self, mut figures: BTreeMap<&'static str, f64>, lap: &mut Lap) -> Record {
        let StepAt { step, learning_rate } = self.at();
        let [loss, reconstruction, codebook, gradient_norm] =
            ["loss", "reconstruction", "codebook", "gradient_norm"].map(|name| figures.remove(name));
        Record::Train {
            step,
            // A figure of every step.
            loss: loss.unwrap_or(f64::NAN),
            reconstruction,
            codebook,
            learning_rate,
            images_per_second: lap.finish(),
            gradient_norm,
            terms: figures.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        }
    }

    fn tell_event(&mut self, event: Event, watch: &mut dyn Watch) -> Result<(), TrainError> {
        self.tell(Record::Event { step: self.progress.step, event }, watch)
    }

    fn tell(&mut self, record: Record, watch: &mut dyn Watch) -> Result<(), TrainError> {
        self.log.append(&record)?;
        self.report(watch, |reporter| reporter.record(&record))?;
        watch.record(&record);
        Ok(())
    }
}

/// A JSON line for each image.
fn write_lines(told: &[ToldImage], path: &Path) -> Result<(), TrainError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(TrainError::io("make folder", folder))?;
    let mut text = String::new();
    for image in told {
        let line = serde_json::to_string(image).map_err(|error| TrainError::io("encode for", path)(error.into()))?;
        text.push_str(&line);
        text.push('\n');
    }
    write_atomically(path, |file| std::io::Write::write_all(file, text.as_bytes()))
}

fn write_png(picture: &image::RgbImage, path: &Path) -> Result<(), TrainError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(TrainError::io("make folder", folder))?;
    let mut bytes = std::io::Cursor::new(Vec::new());
    let encoded = picture.write_to(&mut bytes, image::ImageFormat::Png);
    encoded.map_err(|error| TrainError::io("encode", path)(std::io::Error::other(error)))?;
    write_atomically(path, |file| std::io::Write::write_all(file, bytes.get_ref()))
}
