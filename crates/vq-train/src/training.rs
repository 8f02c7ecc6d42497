//! The training loop.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use tch::{Device, Tensor};
use vq_core::Seen;
use vq_data::Loader;

use crate::atomic_file::write_atomically;
use crate::checkpoint_store::{self, Rank};
use crate::error::with_causes;
use crate::guards::AfterSkip;
use crate::lap::Lap;
use crate::randomness::{Turn, mix};
use crate::revival::revive;
use crate::step::{MicroBatch, StepInputs, Taken, Verdict};
use crate::{
    Best, End, Ending, Event, Experiment, Learn, Outcome, Record, Reporter, SkipRemedy, ToldImage, TrainConfig,
    TrainError, Trainer, UsageRemedy, Validation, Watch,
};

/// Bits that keep the seeds of other draws apart from those of forward passes, which are the numbers of micro-batches.
const REVIVAL: u64 = 1 << 63;
const UPDATE: u64 = 1 << 62;

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

impl Trainer {
    /// Trains until the last step, or until `watch` wants to stop; either way a checkpoint is saved.
    ///
    /// On the CPU it is known at once what came of a step. Elsewhere the device decides by itself whether a step counts,
    /// and is asked when the next one begins, or when a figure is read anyway.
    ///
    /// # Errors
    /// [`TrainError::NotFinite`] if steps go wrong and the guards have no remedy left, [`TrainError::Collapsed`] if the
    /// alarm on the use of codes is to stop the run, or whatever cannot be read or written. A validation or a
    /// report that fails is no error but an event.
    pub fn run(&mut self, watch: &mut dyn Watch) -> Result<Outcome, TrainError> {
        match Reporter::open(&self.run, self.plan.device, self.progress.step) {
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

    fn train(&mut self, watch: &mut dyn Watch) -> Result<Outcome, TrainError> {
        let begun = Instant::now();
        let train = self.plan.experiment.train.clone();
        let mut batches = self.plan.train_batches(self.progress.micro_batches)?;
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
            if !due.any() && !self.progress.owes_checkpoint && self.plan.device != Device::Cpu {
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
            (End::Finished, None) => Some(self.measure()?),
        };
        Ok(Outcome { step, end, validation, elapsed: begun.elapsed() })
    }

    fn take_step(&mut self, batches: &mut Loader, lap: &mut Lap) -> Result<Taken, TrainError> {
        let Experiment { seed, schedule, train, .. } = &self.plan.experiment;
        let progress = &mut self.progress;
        progress.step += 1;
        let rate = schedule.rate(progress.step, train.steps) * progress.guards.rate_factor;
        let inputs = StepInputs {
            tokenizer: &self.state.tokenizer,
            captions: self.state.captions.as_ref(),
            learns: self.plan.learns(),
            step: progress.step,
            accumulate: train.accumulate,
            learning_rate: rate,
        };
        let plan = &self.plan;
        self.learner.step(&inputs, || {
            let Some(batch) = batches.next() else {
                unreachable!("training batches never end");
            };
            let batch = batch?;
            progress.micro_batches += 1;
            lap.count(batch.count);
            let seed = mix(*seed, progress.micro_batches);
            Ok(MicroBatch { images: plan.to_tensor(&batch), captions: batch.captions, seed })
        })
    }

    /// Asks what came of the step at hand, unless that is known, and does what follows from it.
    fn settle(&mut self, watch: &mut dyn Watch) -> Result<Settled, TrainError> {
        let Some(taken) = self.pending.take() else { return Ok(Settled::Nothing) };
        let verdict = taken.verdict()?;
        let settled = match verdict {
            Verdict::Good(figures) => {
                self.progress.guards.good();
                self.update_quantizer(&taken)?;
                Settled::Good(figures)
            }
            Verdict::Skipped(reason) => self.skipped(reason, watch)?,
        };
        if !matches!(settled, Settled::RolledBack) {
            self.watch_usage(&taken, watch)?;
        }
        Ok(settled)
    }

    fn skipped(&mut self, reason: String, watch: &mut dyn Watch) -> Result<Settled, TrainError> {
        let config = self.plan.experiment.guards.clone();
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
                self.restore(&checkpoint)?;
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

    /// Lets the quantizer learn from a step that went well what no gradient teaches.
    fn update_quantizer(&mut self, taken: &Taken) -> Result<(), TrainError> {
        if !self.plan.experiment.quantizer.learns_by_updates() || self.plan.learns() == Learn::Captions {
            return Ok(());
        }
        let (latents, indices) = (Tensor::cat(&taken.latents, 0), Tensor::cat(&taken.ids, 0));
        let _turn = Turn::seeded(mix(self.plan.experiment.seed, UPDATE | self.progress.micro_batches));
        self.state.tokenizer.update(&Seen { latents: &latents, indices: &indices, mask: None })?;
        Ok(())
    }

    /// Counts the codes of a step; at the end of a window, says which groups were used too little, and helps.
    fn watch_usage(&mut self, taken: &Taken, watch: &mut dyn Watch) -> Result<(), TrainError> {
        let Some(alarm) = &mut self.alarm else { return Ok(()) };
        alarm.count(&taken.ids, &taken.consent);
        let (remedy, least) = (alarm.config().remedy, alarm.config().least);
        for low in alarm.judge() {
            let group = low.group.group.clone();
            let revived = match (remedy, &taken.latents[..]) {
                (UsageRemedy::Revive, [.., latents]) => {
                    let _turn = Turn::seeded(mix(self.plan.experiment.seed, REVIVAL | self.progress.micro_batches));
                    let layout = self.state.tokenizer.layout();
                    revive(&mut self.learner, layout, &low.group, &low.unused, latents)?
                }
                _ => 0,
            };
            self.tell_event(Event::LowUsage { group: group.clone(), share: low.share, remedy, revived }, watch)?;
            if remedy == UsageRemedy::Stop {
                let step = self.progress.step;
                return Err(TrainError::Collapsed { step, group, least, share: low.share });
            }
        }
        Ok(())
    }

    fn validate(&mut self, watch: &mut dyn Watch) -> Result<Option<Validation>, TrainError> {
        let step = self.progress.step;
        let measured = self.measure().and_then(|validation| {
            write_png(&validation.grid, &self.run.grid(step))?;
            if !validation.told.is_empty() {
                write_lines(&validation.told, &self.run.told(step))?;
            }
            Ok(validation)
        });
        match measured {
            Ok(validation) => {
                self.tell(validation.record(step), watch)?;
                self.report(watch, |reporter| reporter.validation(step, &validation.grid, &validation.histograms))?;
                Ok(Some(validation))
            }
            Err(error) => {
                self.tell_event(Event::ValidationFailed { reason: with_causes(&error) }, watch)?;
                Ok(None)
            }
        }
    }

    /// Figures of the validation set, with the average of the weights if there is one.
    fn measure(&self) -> Result<Validation, TrainError> {
        let run = || Validation::run(&self.state.tokenizer, self.state.captions.as_ref(), &self.plan);
        match &self.learner.average {
            Some(average) => average.lend(&self.learner.adam, run),
            None => run(),
        }
    }

    /// Whether a validation is the best so far, and if so takes note.
    fn rank(&mut self, validation: &Validation) -> Rank {
        let by = self.plan.experiment.train.best_by;
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
        let Experiment { schedule, train, .. } = &self.plan.experiment;
        let step = self.progress.step;
        let [loss, reconstruction, codebook, gradient_norm] =
            ["loss", "reconstruction", "codebook", "gradient_norm"].map(|name| figures.remove(name));
        Record::Train {
            step,
            // A figure of every step.
            loss: loss.unwrap_or(f64::NAN),
            reconstruction,
            codebook,
            learning_rate: schedule.rate(step, train.steps) * self.progress.guards.rate_factor,
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
