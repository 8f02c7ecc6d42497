//! What is done when training goes wrong while nobody looks.

use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::usage_alarm::UsageGuard;

/// What is done when steps go wrong.
///
/// A step whose loss or gradient is not finite is skipped: parameters, moments and averages stay as they are, the data
/// of the step count as seen, and the step counts for the schedule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GuardsConfig {
    /// After so many skipped steps in a row the remedy is used.
    pub max_skips: u64,
    /// What then happens.
    pub remedy: SkipRemedy,
    /// By what each rollback multiplies the learning rate, from then on.
    pub backoff: f64,
    /// So many rollbacks are tried in a run; where one more is due, the run stops.
    pub max_rollbacks: u64,
    /// The alarm on the use of codes; none: off.
    pub usage: Option<UsageGuard>,
}

impl Default for GuardsConfig {
    fn default() -> Self {
        Self { max_skips: 10, remedy: SkipRemedy::Rollback, backoff: 0.5, max_rollbacks: 3, usage: None }
    }
}

/// What is done after too many skipped steps in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SkipRemedy {
    /// Back to the last checkpoint at which all was well, with a lower rate and with the data that come next, not those
    /// that went wrong.
    Rollback,
    /// The run ends with an error; the last checkpoint stays.
    Stop,
}

impl GuardsConfig {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`TrainError::Option`] naming the key.
    pub fn check(&self) -> Result<(), TrainError> {
        let refuse = |key, expected: &str, got: String| Err(TrainError::Option { key, expected: expected.into(), got });
        if self.max_skips == 0 {
            return refuse("guards.max_skips", "at least 1", "0".into());
        }
        if !(self.backoff > 0.0 && self.backoff <= 1.0) {
            return refuse("guards.backoff", "a number in 0..=1, but not 0", self.backoff.to_string());
        }
        self.usage.as_ref().map_or(Ok(()), UsageGuard::check)
    }
}

/// What the guards remember; part of a checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardState {
    /// Steps skipped so far, in all.
    pub skipped: u64,
    /// Skipped without a good one since.
    pub skipped_in_a_row: u64,
    /// Rollbacks so far.
    pub rollbacks: u64,
    /// What the rollbacks left of the learning rate, as a factor.
    pub rate_factor: f64,
}

impl Default for GuardState {
    fn default() -> Self {
        Self { skipped: 0, skipped_in_a_row: 0, rollbacks: 0, rate_factor: 1.0 }
    }
}

/// What follows from a skipped step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterSkip {
    GoOn,
    RollBack,
    /// The configuration wants no rollback, or no more.
    Stop,
}

impl GuardState {
    /// Counts a step that was taken.
    pub(crate) fn good(&mut self) {
        self.skipped_in_a_row = 0;
    }

    /// Counts a step that was skipped.
    pub(crate) fn skip(&mut self, config: &GuardsConfig) -> AfterSkip {
        self.skipped += 1;
        self.skipped_in_a_row += 1;
        match config.remedy {
            _ if self.skipped_in_a_row < config.max_skips => AfterSkip::GoOn,
            SkipRemedy::Rollback if self.rollbacks < config.max_rollbacks => AfterSkip::RollBack,
            SkipRemedy::Rollback | SkipRemedy::Stop => AfterSkip::Stop,
        }
    }

    /// Counts a rollback.
    pub(crate) fn roll_back(&mut self, config: &GuardsConfig) {
        self.skipped_in_a_row = 0;
        self.rollbacks += 1;
        self.rate_factor *= config.backoff;
    }
}
