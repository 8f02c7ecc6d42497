//! Options of the optimizer.

use serde::{Deserialize, Serialize};

use crate::ConfigError;
use crate::error::check_value;

/// Options of Adam.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdamConfig {
    /// Decay of the mean of gradients.
    pub beta1: f64,
    /// Decay of the mean of squared gradients.
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub epsilon: f64,
    /// Decoupled weight decay, which makes this AdamW (Loshchilov and Hutter, arXiv 1711.05101, algorithm 2): each step
    /// subtracts `learning rate * weight_decay` of a parameter. Parameters of one axis (biases, scales of
    /// normalizations) and codebooks do not decay.
    pub weight_decay: f64,
    /// The norm of the gradient over all parameters is clipped to this; none: never.
    pub clip: Option<f64>,
}

/// The betas of VQGAN.
impl Default for AdamConfig {
    fn default() -> Self {
        Self { beta1: 0.5, beta2: 0.9, epsilon: 1e-8, weight_decay: 0.0, clip: None }
    }
}

impl AdamConfig {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`ConfigError::Value`] naming the key.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.check_as(Owner::Model)
    }

    /// As [`AdamConfig::check`], for the discriminator's optimizer.
    pub(crate) fn check_discriminator(&self) -> Result<(), ConfigError> {
        self.check_as(Owner::Discriminator)
    }

    fn check_as(&self, owner: Owner) -> Result<(), ConfigError> {
        let Self { beta1, beta2, epsilon, weight_decay, clip } = *self;
        let key = |model: &'static str, discriminator: &'static str| match owner {
            Owner::Model => model,
            Owner::Discriminator => discriminator,
        };
        let beta = "a number in 0..1";
        check_value(key("optimizer.beta1", "adversarial.optimizer.beta1"), (0.0..1.0).contains(&beta1), beta, beta1)?;
        check_value(key("optimizer.beta2", "adversarial.optimizer.beta2"), (0.0..1.0).contains(&beta2), beta, beta2)?;
        let positive = |value: f64| value.is_finite() && value > 0.0;
        check_value(
            key("optimizer.epsilon", "adversarial.optimizer.epsilon"),
            positive(epsilon),
            "a finite number > 0",
            epsilon,
        )?;
        check_value(
            key("optimizer.weight_decay", "adversarial.optimizer.weight_decay"),
            weight_decay.is_finite() && weight_decay >= 0.0,
            "a finite number >= 0",
            weight_decay,
        )?;
        let clip = clip.unwrap_or(1.0);
        check_value(key("optimizer.clip", "adversarial.optimizer.clip"), positive(clip), "a finite number > 0", clip)
    }
}

/// Whose optimizer it is.
#[derive(Clone, Copy)]
enum Owner {
    Model,
    Discriminator,
}
