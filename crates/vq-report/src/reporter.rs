//! What shows a run besides its log: event file, page and sessions.

use image::RgbImage;
use vq_run::{Ending, Environment, Record, RunDir, Session};

use crate::{Entry, EventFile, Moment, ReportError, RunReport};

/// Writes what shows a run while it trains: TensorBoard's event file, `report.html` and `sessions.jsonl`.
///
/// Open one when training begins or continues, pass each record and each validation, and [`close`](Self::close) it with
/// the run's ending. A reporter that is dropped instead leaves a run that counts as killed.
#[derive(Debug)]
pub struct Reporter {
    run: RunDir,
    events: EventFile,
    session: Session,
    /// The last step in the event file.
    last_step: u64,
}

impl Reporter {
    /// Begins a session of a run that has taken `step` steps.
    ///
    /// # Errors
    /// [`ReportError::File`] if a file of the folder cannot be made.
    pub fn open(run: &RunDir, environment: Environment, step: u64) -> Result<Self, ReportError> {
        let session = Session::begin(run, environment, step)?;
        let mut events = EventFile::create(run.path(), Moment::now(step))?;
        // A missing config does not prevent a report.
        if let Ok(config) = std::fs::read_to_string(run.config()) {
            events.text(Moment::now(step), "config", &format!("```toml\n{config}\n```"))?;
        }
        Ok(Self { run: run.clone(), events, session, last_step: step })
    }

    /// Takes in a record of the log: each of its figures is a point of `<kind>/<figure>`, an event is a text.
    ///
    /// After a rollback, TensorBoard is instructed to discard the steps that are taken again.
    ///
    /// # Errors
    /// [`ReportError::File`] if it cannot be written.
    pub fn record(&mut self, record: &Record) -> Result<(), ReportError> {
        let entry = Entry::of(record)?;
        let moment = Moment::now(entry.step);
        if let Record::Event { event, .. } = record {
            return self.events.text(moment, "events", &event.to_string());
        }
        if entry.step < self.last_step {
            self.events.forget_after(Moment { step: entry.step.saturating_sub(1), ..moment })?;
        }
        self.last_step = entry.step;
        for figure in &entry.figures {
            self.events.scalar(moment, &format!("{}/{}", entry.kind, figure.name), figure.value)?;
        }
        Ok(())
    }

    /// Takes in a validation: a grid under its name, and how often each code of each group was chosen. Makes the page
    /// again.
    ///
    /// # Errors
    /// [`ReportError`] if it cannot be written.
    pub fn validation(
        &mut self,
        step: u64,
        grid: Option<(&str, &RgbImage)>,
        codes: &[(&str, &[i64])],
    ) -> Result<(), ReportError> {
        let moment = Moment::now(step);
        if let Some((name, image)) = grid {
            self.events.image(moment, name, image)?;
        }
        for (group, counts) in codes {
            self.events.histogram(moment, &format!("codes/{group}"), counts)?;
        }
        RunReport::write(&self.run).map(drop)
    }

    /// Records how training ended, after `step` steps in all, and makes the page a last time.
    ///
    /// # Errors
    /// [`ReportError`] if it cannot be written.
    pub fn close(self, step: u64, ending: Ending) -> Result<(), ReportError> {
        self.session.end(step, ending)?;
        RunReport::write(&self.run).map(drop)
    }
}
