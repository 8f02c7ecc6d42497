//! All that makes a run visible, besides its log: event files, the page, the note of who trains.

use image::RgbImage;
use tch::Device;
use vq_core::Histogram;

use crate::report::{Entry, RunReport};
use crate::session::{Ending, Environment, Session};
use crate::{EventFile, Moment, Record, RunDir, TrainError};

/// Shows a run while it is trained: TensorBoard's event file and `report.html`, and `sessions.jsonl`, which tells what
/// the run is doing.
///
/// Open one where training begins or goes on, tell it each record and each validation, and [`close`](Self::close) it
/// with the run's ending; one that is dropped instead leaves a run that counts as killed.
#[derive(Debug)]
pub struct Reporter {
    run: RunDir,
    events: EventFile,
    session: Session,
    /// The step that TensorBoard was last told of.
    told: u64,
}

impl Reporter {
    /// Begins to show a run of which `step` steps are taken.
    ///
    /// # Errors
    /// [`TrainError::Io`] if a file of the folder cannot be made.
    pub fn open(run: &RunDir, device: Device, step: u64) -> Result<Self, TrainError> {
        let session = Session::begin(run, Environment::of(device), step)?;
        let mut events = EventFile::create(run.path(), Moment::now(step))?;
        // A config that is not there yet, or not any more, is no reason to stop.
        if let Ok(config) = std::fs::read_to_string(run.config()) {
            events.text(Moment::now(step), "config", &format!("```toml\n{config}\n```"))?;
        }
        Ok(Self { run: run.clone(), events, session, told: step })
    }

    /// A record was written to the log: each of its figures is a point of `<kind>/<figure>`, an event is text.
    ///
    /// Where steps go back, after a rollback, TensorBoard is told to forget those that are taken anew.
    ///
    /// # Errors
    /// [`TrainError::Io`] if it cannot be written.
    pub fn record(&mut self, record: &Record) -> Result<(), TrainError> {
        let entry = Entry::of(record)?;
        let moment = Moment::now(entry.step);
        if let Record::Event { event, .. } = record {
            return self.events.text(moment, "events", &event.to_string());
        }
        if entry.step < self.told {
            self.events.forget_after(Moment { step: entry.step.saturating_sub(1), ..moment })?;
        }
        self.told = entry.step;
        for figure in &entry.figures {
            self.events.scalar(moment, &format!("{}/{}", entry.kind, figure.name), figure.value)?;
        }
        Ok(())
    }

    /// A validation was written to log and `grids/`: shows its pictures, called by their name, and use of codes, and makes
    /// the page anew.
    ///
    /// # Errors
    /// [`TrainError`] if it cannot be written.
    pub fn validation(
        &mut self,
        step: u64,
        pictures: &str,
        grid: &RgbImage,
        codes: &[Histogram],
    ) -> Result<(), TrainError> {
        let moment = Moment::now(step);
        self.events.image(moment, pictures, grid)?;
        for group in codes {
            self.events.histogram(moment, &format!("codes/{}", group.group), group)?;
        }
        RunReport::write(&self.run).map(drop)
    }

    /// Notes how training ended, after `step` steps in all, and makes the page a last time.
    ///
    /// # Errors
    /// [`TrainError`] if it cannot be written.
    pub fn close(self, step: u64, ending: Ending) -> Result<(), TrainError> {
        self.session.end(step, ending)?;
        RunReport::write(&self.run).map(drop)
    }
}
