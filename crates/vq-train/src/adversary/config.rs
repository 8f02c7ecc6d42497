//! Options of the adversary.

use serde::{Deserialize, Serialize};
use vq_model::DiscriminatorConfig;

use super::{GanLoss, LecamConfig, R1Config};
use crate::{AdamConfig, TrainError};

/// Options of adversarial training; steps are batches, counted from 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdversarialConfig {
    /// Weight of the generator's term, times the adaptive weight if there is one.
    pub weight: f64,
    /// How the term is balanced against the reconstruction.
    pub adaptive: AdaptiveWeight,
    /// The game.
    pub loss: GanLoss,
    /// Batches before the term counts for the generator.
    pub start: u64,
    /// Batches from nothing to the full weight, linearly: of 4, the first has a quarter and the fourth all.
    pub ramp: u64,
    /// Batches before `start` in which the discriminator learns already.
    pub warmup: u64,
    /// The discriminator's learning rate, as a share of the generator's.
    pub learning_rate_share: f64,
    /// The network; VQGAN's by default.
    pub discriminator: DiscriminatorConfig,
    /// The discriminator's optimizer.
    pub optimizer: AdamConfig,
    /// LeCAM regularization; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lecam: Option<LecamConfig>,
    /// R1; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r1: Option<R1Config>,
}

/// How the generator's term is balanced against the reconstruction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdaptiveWeight {
    /// By the lengths of the two gradients at the decoder's last layer (VQGAN, arXiv 2012.09841, equation 7).
    #[default]
    LastLayer,
    /// Not at all: the weight is as configured.
    Off,
}

/// VQGAN's, whose count of 10,000 steps goes over both optimizers.
impl Default for AdversarialConfig {
    fn default() -> Self {
        Self {
            weight: 0.8,
            adaptive: AdaptiveWeight::default(),
            loss: GanLoss::default(),
            start: 5000,
            ramp: 0,
            warmup: 0,
            learning_rate_share: 1.0,
            discriminator: DiscriminatorConfig::default(),
            optimizer: AdamConfig::default(),
            lecam: None,
            r1: None,
        }
    }
}

impl AdversarialConfig {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`TrainError::Option`] naming the key, or [`TrainError::Model`] naming the discriminator's.
    pub fn check(&self) -> Result<(), TrainError> {
        let refuse = |key, expected: &str, got: String| Err(TrainError::Option { key, expected: expected.into(), got });
        if !(self.weight.is_finite() && self.weight >= 0.0) {
            return refuse("adversarial.weight", "a finite number >= 0", self.weight.to_string());
        }
        let share = self.learning_rate_share;
        if !(share.is_finite() && share > 0.0) {
            return refuse("adversarial.learning_rate_share", "a finite number > 0", share.to_string());
        }
        if self.warmup > self.start {
            let expected = format!("at most `adversarial.start`, {}", self.start);
            return refuse("adversarial.warmup", &expected, self.warmup.to_string());
        }
        self.discriminator.check()?;
        self.optimizer.check().map_err(|error| match error {
            TrainError::Option { key, expected, got } => {
                TrainError::Option { key: within_adversarial(key), expected, got }
            }
            other => other,
        })?;
        self.lecam.as_ref().map_or(Ok(()), LecamConfig::check)?;
        self.r1.as_ref().map_or(Ok(()), R1Config::check)
    }

    /// The share of the generator's term at a step: 0 up to `start`, 1 from `start + ramp` on.
    pub fn factor(&self, step: u64) -> f64 {
        let past = step.saturating_sub(self.start);
        if past >= self.ramp.max(1) { 1.0 } else { past as f64 / self.ramp.max(1) as f64 }
    }

    /// Whether the discriminator learns at a step.
    pub fn discriminator_learns(&self, step: u64) -> bool {
        step > self.start.saturating_sub(self.warmup)
    }
}

/// The optimizer's keys, where the adversary's lie.
fn within_adversarial(key: &'static str) -> &'static str {
    match key {
        "optimizer.beta1" => "adversarial.optimizer.beta1",
        "optimizer.beta2" => "adversarial.optimizer.beta2",
        "optimizer.epsilon" => "adversarial.optimizer.epsilon",
        "optimizer.weight_decay" => "adversarial.optimizer.weight_decay",
        "optimizer.clip" => "adversarial.optimizer.clip",
        other => other,
    }
}
