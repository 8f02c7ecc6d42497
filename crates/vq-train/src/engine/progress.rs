//! The progress of a run, and what follows a step.

use vq_experiment::TrainConfig;
use vq_pipeline::{Best, CheckpointHeader, GuardState};

/// The progress of a run, besides its tensors.
#[derive(Debug, Clone)]
pub(super) struct Progress {
    pub(super) step: u64,
    pub(super) micro_batches: u64,
    pub(super) guards: GuardState,
    pub(super) best: Option<Best>,
    /// Whether a checkpoint was due at a skipped step.
    pub(super) owes_checkpoint: bool,
    /// The step of the last checkpoint of this run.
    pub(super) saved: Option<u64>,
}

impl Progress {
    pub(super) fn from_header<E: Clone>(header: &CheckpointHeader<E>) -> Self {
        let CheckpointHeader { step, micro_batches, guards, best, .. } = header.clone();
        Self { step, micro_batches, guards, best, owes_checkpoint: false, saved: Some(step) }
    }
}

/// What follows a step.
pub(super) struct Due {
    pub(super) log: bool,
    pub(super) validation: bool,
    pub(super) checkpoint: bool,
}

impl Due {
    pub(super) fn after(step: u64, train: &TrainConfig) -> Self {
        let last = step == train.steps;
        Self {
            log: last || step.is_multiple_of(train.log_every),
            validation: last || step.is_multiple_of(train.validate_every),
            checkpoint: !last && step.is_multiple_of(train.checkpoint_every),
        }
    }

    pub(super) fn any(&self) -> bool {
        self.log || self.validation || self.checkpoint
    }
}
