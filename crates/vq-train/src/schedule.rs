//! The learning rate over the steps.

use serde::{Deserialize, Serialize};

use crate::TrainError;

/// Linear warm-up, then half a cosine down to a share of the peak.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleConfig {
    /// The peak.
    pub learning_rate: f64,
    /// Steps from zero to the peak.
    #[serde(default)]
    pub warmup: u64,
    /// The rate at the last step, as a share of the peak; 1 keeps the rate constant after the warm-up.
    #[serde(default = "constant")]
    pub final_share: f64,
}

fn constant() -> f64 {
    1.0
}

impl ScheduleConfig {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`TrainError::Option`] naming the key.
    pub fn check(&self) -> Result<(), TrainError> {
        let refuse = |key, expected: &str, got: f64| {
            Err(TrainError::Option { key, expected: expected.into(), got: got.to_string() })
        };
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            return refuse("schedule.learning_rate", "a finite number > 0", self.learning_rate);
        }
        if !(0.0..=1.0).contains(&self.final_share) {
            return refuse("schedule.final_share", "a number in 0..=1", self.final_share);
        }
        Ok(())
    }

    /// The rate of a step in `1..=steps`.
    pub fn rate(&self, step: u64, steps: u64) -> f64 {
        if step <= self.warmup {
            return self.learning_rate * step as f64 / self.warmup as f64;
        }
        let done = (step - self.warmup) as f64 / (steps.saturating_sub(self.warmup)).max(1) as f64;
        let cosine = 0.5 * (1.0 + (std::f64::consts::PI * done.min(1.0)).cos());
        self.learning_rate * (self.final_share + (1.0 - self.final_share) * cosine)
    }
}
