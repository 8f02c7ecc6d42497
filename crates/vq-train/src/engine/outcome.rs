//! How training is observed, and how it ended.

use std::time::Duration;

use vq_run::Record;

/// Observes a run, and may stop it.
pub trait TrainingObserver {
    /// Called after each step; `step` counts from 1.
    fn step(&mut self, _step: u64) {}

    /// Called after each record of the log, of figures or of an event.
    fn record(&mut self, _record: &Record) {}

    /// Whether to save and stop after the current step.
    fn wants_stop(&self) -> bool {
        false
    }
}

/// How training ended.
#[derive(Debug)]
pub struct Outcome<V> {
    /// Steps taken in all, by this process and those that it resumed.
    pub step: u64,
    /// Whether all steps were taken.
    pub end: RunEnd,
    /// The last validation; none if the run was stopped, or if that validation failed.
    pub validation: Option<V>,
    /// Time of this process.
    pub elapsed: Duration,
}

/// Why training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEnd {
    /// All steps were taken.
    Finished,
    /// The observer stopped it; the run can be resumed.
    Stopped,
}
