//! Training on the terminal: progress, and Ctrl-C.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use vq_run::Record;
use vq_train::TrainingObserver;

use crate::progress::Progress;

/// Shows the progress of runs, and stops them at Ctrl-C.
pub(crate) struct Terminal {
    stop: Arc<AtomicBool>,
}

/// One run.
struct Run<'a> {
    progress: Progress,
    stop: &'a AtomicBool,
}

impl Terminal {
    /// From now on, the first Ctrl-C ends the current run after its step, the second ends the process; call it once.
    pub(crate) fn new() -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        ctrlc::set_handler(move || {
            if flag.swap(true, Ordering::SeqCst) {
                std::process::exit(130);
            }
            eprintln!("\nsaving a checkpoint after this step (press Ctrl-C again to stop at once)");
        })
        .context("catch Ctrl-C")?;
        Ok(Self { stop })
    }

    /// Has `train` train to the end of `steps` steps, of which `taken` are taken, or until Ctrl-C.
    pub(crate) fn run<T>(
        &mut self,
        steps: u64,
        taken: u64,
        train: impl FnOnce(&mut dyn TrainingObserver) -> Result<T>,
    ) -> Result<T> {
        let mut run = Run { progress: Progress::new(steps, taken)?, stop: &self.stop };
        let outcome = train(&mut run)?;
        run.progress.finish();
        Ok(outcome)
    }
}

impl TrainingObserver for Run<'_> {
    fn step(&mut self, step: u64) {
        self.progress.step(step);
    }

    fn record(&mut self, record: &Record) {
        self.progress.record(record);
    }

    fn wants_stop(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}
