//! What happens when steps go wrong while nobody watches.

use serde::{Deserialize, Serialize};
use vq_run::UsageRemedy;

use crate::ConfigError;
use crate::error::check_value;

/// What happens when steps go wrong.
///
/// A step whose loss or gradient is not finite is skipped: parameters, moments and averages stay unchanged, the data of
/// the step count as used, and the step counts for the schedule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GuardsConfig {
    /// Consecutive skipped steps after which the remedy is applied.
    pub max_skips: u64,
    /// The remedy.
    pub remedy: SkipRemedy,
    /// The factor by which each rollback multiplies the learning rate, from then on.
    pub backoff: f64,
    /// Rollbacks per run; if another one is due, the run stops.
    pub max_rollbacks: u64,
    /// The alarm on code usage; none: off.
    pub usage: Option<UsageGuard>,
}

impl Default for GuardsConfig {
    fn default() -> Self {
        Self { max_skips: 10, remedy: SkipRemedy::Rollback, backoff: 0.5, max_rollbacks: 3, usage: None }
    }
}

/// What happens after too many consecutive skipped steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SkipRemedy {
    /// The run returns to the last checkpoint without skipped steps, with a lower learning rate and with the data that
    /// come next, not those that went wrong.
    Rollback,
    /// The run ends with an error; the last checkpoint stays.
    Stop,
}

/// When too few codes are used, and what is then done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsageGuard {
    /// The share of a group's codes that the steps of a window must use, each at least once.
    pub min_share: f64,
    /// Steps in a window; windows follow one another, and each is checked at its end.
    #[serde(default = "default_window")]
    pub window: u64,
    /// What is done.
    #[serde(default)]
    pub remedy: UsageRemedy,
}

fn default_window() -> u64 {
    500
}

impl GuardsConfig {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`ConfigError::Value`] naming the key.
    pub fn check(&self) -> Result<(), ConfigError> {
        let share = |value: f64| value > 0.0 && value <= 1.0;
        check_value("guards.max_skips", self.max_skips > 0, "at least 1", self.max_skips)?;
        check_value("guards.backoff", share(self.backoff), "a number above 0, at most 1", self.backoff)?;
        let Some(UsageGuard { min_share, window, .. }) = &self.usage else { return Ok(()) };
        check_value("guards.usage.min_share", share(*min_share), "a number above 0, at most 1", min_share)?;
        check_value("guards.usage.window", *window > 0, "at least 1", window)
    }
}
