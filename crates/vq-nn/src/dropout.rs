//! Dropout.

use tch::Tensor;
use vq_core::Mode;

/// Dropout in training, identity in evaluation.
#[derive(Debug, Clone, Copy)]
pub struct Dropout {
    /// Probability of dropping a feature.
    pub probability: f64,
    /// Nothing is dropped in `Eval`.
    pub mode: Mode,
}

impl Dropout {
    /// Drops nothing.
    pub fn off() -> Self {
        Self { probability: 0.0, mode: Mode::Eval }
    }

    /// The probability in this mode: 0 in `Eval`.
    pub fn rate(self) -> f64 {
        match self.mode {
            Mode::Train => self.probability,
            Mode::Eval => 0.0,
        }
    }

    /// Drops features of a tensor of any shape and scales the others by `1 / (1 - probability)`.
    ///
    /// Draws from libtorch's generator, unless the rate is 0.
    pub fn apply(self, xs: &Tensor) -> Tensor {
        match self.rate() {
            0.0 => xs.shallow_clone(),
            rate => xs.dropout(rate, true),
        }
    }
}
