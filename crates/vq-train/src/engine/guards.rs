//! What follows from a skipped step.

use vq_experiment::{GuardsConfig, SkipRemedy};
use vq_pipeline::GuardState;

/// What follows from a skipped step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterSkip {
    /// The run continues with the next step.
    Continue,
    /// The run returns to an earlier checkpoint.
    RollBack,
    /// The run ends: no rollback is configured, or no more are allowed.
    Stop,
}

/// Counts a good step.
pub(super) fn count_good(state: &mut GuardState) {
    state.skipped_in_a_row = 0;
}

/// Counts a skipped step.
pub(super) fn count_skip(state: &mut GuardState, config: &GuardsConfig) -> AfterSkip {
    state.skipped += 1;
    state.skipped_in_a_row += 1;
    match config.remedy {
        _ if state.skipped_in_a_row < config.max_skips => AfterSkip::Continue,
        SkipRemedy::Rollback if state.rollbacks < config.max_rollbacks => AfterSkip::RollBack,
        SkipRemedy::Rollback | SkipRemedy::Stop => AfterSkip::Stop,
    }
}

/// Counts a rollback.
pub(super) fn count_rollback(state: &mut GuardState, config: &GuardsConfig) {
    state.skipped_in_a_row = 0;
    state.rollbacks += 1;
    state.rate_factor *= config.backoff;
}
