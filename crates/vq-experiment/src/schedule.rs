//! The learning rate over the steps.

use serde::{Deserialize, Serialize};

use crate::ConfigError;
use crate::error::check_value;

/// Linear warm-up, then half a cosine down to a share of the peak.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleConfig {
    /// The peak.
    pub learning_rate: f64,
    /// Steps from zero to the peak.
    #[serde(default)]
    pub warmup: u64,
    /// The rate at the last step divided by the peak; 1 keeps the rate constant after the warm-up.
    #[serde(default = "constant")]
    pub final_factor: f64,
}

fn constant() -> f64 {
    1.0
}

impl ScheduleConfig {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`ConfigError::Value`] naming the key.
    pub fn check(&self) -> Result<(), ConfigError> {
        let Self { learning_rate, final_factor, .. } = *self;
        let positive = learning_rate.is_finite() && learning_rate > 0.0;
        check_value("schedule.learning_rate", positive, "a finite number > 0", learning_rate)?;
        check_value("schedule.final_factor", (0.0..=1.0).contains(&final_factor), "a number in 0..=1", final_factor)
    }

    /// The rate of a step in `1..=steps`.
    pub fn rate(&self, step: u64, steps: u64) -> f64 {
        if step <= self.warmup {
            return self.learning_rate * step as f64 / self.warmup as f64;
        }
        let done = (step - self.warmup) as f64 / (steps.saturating_sub(self.warmup)).max(1) as f64;
        let cosine = 0.5 * (1.0 + (std::f64::consts::PI * done.min(1.0)).cos());
        self.learning_rate * (self.final_factor + (1.0 - self.final_factor) * cosine)
    }
}
