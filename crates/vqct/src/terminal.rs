//! A run on the terminal: progress, and Ctrl-C.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use vq_train::{Outcome, Record, Trainer, Watch};

use crate::progress::Progress;

/// What trains runs in front of a user, who may stop them.
pub(crate) struct Terminal {
    stop: Arc<AtomicBool>,
}

/// One run.
struct Run<'a> {
    progress: Progress,
    stop: &'a AtomicBool,
}

impl Terminal {
    /// From now on, Ctrl-C ends the run at hand after its step, and the process at the second time; call it once.
    pub(crate) fn new() -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        ctrlc::set_handler(move || {
            if flag.swap(true, Ordering::SeqCst) {
                std::process::exit(130);
            }
            eprintln!("\nsaving a checkpoint after this step (once more to stop at once)");
        })
        .context("catch Ctrl-C")?;
        Ok(Self { stop })
    }

    /// Trains to the end, or until Ctrl-C.
    pub(crate) fn run(&mut self, trainer: &mut Trainer) -> Result<Outcome> {
        let progress = Progress::new(trainer.plan().experiment.train.steps, trainer.steps_taken())?;
        let mut run = Run { progress, stop: &self.stop };
        let outcome = trainer.run(&mut run)?;
        run.progress.finish();
        Ok(outcome)
    }
}

impl Watch for Run<'_> {
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
