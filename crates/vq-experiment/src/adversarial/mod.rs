//! Options of adversarial training.

mod gan_loss;

use serde::{Deserialize, Serialize};
use vq_model::DiscriminatorConfig;

use crate::error::check_value;
use crate::{AdamConfig, ConfigError};

pub use gan_loss::GanLoss;

/// Options of adversarial training; steps count from 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdversarialConfig {
    /// Weight of the generator's adversarial term, times the adaptive weight if there is one.
    pub weight: f64,
    /// How the term is balanced against the reconstruction.
    pub adaptive: AdaptiveWeight,
    /// The GAN loss.
    pub loss: GanLoss,
    /// Steps before the term counts for the generator.
    pub start: u64,
    /// Steps of a linear ramp to the full weight: with 4, the first step has a quarter and the fourth all of it.
    pub ramp: u64,
    /// Steps before `start` in which the discriminator is trained already.
    pub warmup: u64,
    /// The discriminator's learning rate divided by the generator's.
    pub learning_rate_factor: f64,
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
    /// By the norms of the two gradients at the decoder's last layer (VQGAN, arXiv 2012.09841, equation 7).
    #[default]
    LastLayer,
    /// The weight is constant, as configured.
    Off,
}

/// VQGAN's options; its 10,000 steps count the steps of both optimizers.
impl Default for AdversarialConfig {
    fn default() -> Self {
        Self {
            weight: 0.8,
            adaptive: AdaptiveWeight::default(),
            loss: GanLoss::default(),
            start: 5000,
            ramp: 0,
            warmup: 0,
            learning_rate_factor: 1.0,
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
    /// [`ConfigError::Value`] naming the key, or [`ConfigError::Model`] naming the discriminator's.
    pub fn check(&self) -> Result<(), ConfigError> {
        let Self { weight, learning_rate_factor: factor, start, warmup, .. } = *self;
        check_value("adversarial.weight", weight.is_finite() && weight >= 0.0, "a finite number >= 0", weight)?;
        let positive = factor.is_finite() && factor > 0.0;
        check_value("adversarial.learning_rate_factor", positive, "a finite number > 0", factor)?;
        check_value("adversarial.warmup", warmup <= start, &format!("at most `adversarial.start`, {start}"), warmup)?;
        self.discriminator.check()?;
        self.optimizer.check_discriminator()?;
        self.lecam.iter().try_for_each(LecamConfig::check)?;
        self.r1.iter().try_for_each(R1Config::check)
    }

    /// The factor of the generator's term at a step: 0 up to `start`, 1 from `start + ramp` on.
    pub fn factor(&self, step: u64) -> f64 {
        let past = step.saturating_sub(self.start);
        if past >= self.ramp.max(1) { 1.0 } else { past as f64 / self.ramp.max(1) as f64 }
    }

    /// Whether the discriminator is trained at a step.
    pub fn discriminator_learns(&self, step: u64) -> bool {
        step > self.start.saturating_sub(self.warmup)
    }
}

/// Options of R1 (Mescheder et al. 2018, arXiv 1801.04406, equation 9), a penalty on the discriminator's gradient at
/// real images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct R1Config {
    /// Weight of the penalty, gamma.
    pub gamma: f64,
    /// Steps between penalties, each of which is then multiplied by this number (StyleGAN2, arXiv 1912.04958, section
    /// 3.1): a penalty costs about as much as the rest of the discriminator's step.
    pub every: u64,
}

/// The paper's gamma, StyleGAN2's interval.
impl Default for R1Config {
    fn default() -> Self {
        Self { gamma: 10.0, every: 16 }
    }
}

impl R1Config {
    fn check(&self) -> Result<(), ConfigError> {
        let Self { gamma, every } = *self;
        check_value("adversarial.r1.gamma", gamma.is_finite() && gamma >= 0.0, "a finite number >= 0", gamma)?;
        check_value("adversarial.r1.every", every > 0, "at least 1", every)
    }

    /// Whether the penalty is computed at a step.
    pub fn is_due(&self, step: u64) -> bool {
        self.gamma > 0.0 && step.is_multiple_of(self.every)
    }
}

/// Options of LeCAM regularization (Tseng et al. 2021, arXiv 2104.03310), for training on little data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LecamConfig {
    /// Weight of the term.
    pub weight: f64,
    /// Decay of the averages.
    pub decay: f64,
    /// Steps of the whole run before the averages begin and the term counts; the discriminator usually begins later.
    pub start: u64,
}

/// A small weight, as image tokenizers use it; the official implementation's decay.
impl Default for LecamConfig {
    fn default() -> Self {
        Self { weight: 0.001, decay: 0.999, start: 0 }
    }
}

impl LecamConfig {
    fn check(&self) -> Result<(), ConfigError> {
        let Self { weight, decay, .. } = *self;
        check_value("adversarial.lecam.weight", weight.is_finite() && weight >= 0.0, "a finite number >= 0", weight)?;
        check_value("adversarial.lecam.decay", (0.0..1.0).contains(&decay), "a number in 0..1", decay)
    }
}
