//! Linear layers, norms and perceptrons; each computes in the kind of number of what enters it.

use tch::{Tensor, nn};
use vq_core::Mode;

/// `x W^T + b`.
///
/// Parameters: `weight`, `[out, in]`, normal with variance `1 / in`; `bias`, `[out]`, zero, where there is one.
#[derive(Debug)]
pub(crate) struct Linear {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    pub(crate) fn new(path: &nn::Path, input: i64, output: i64) -> Self {
        Self { bias: Some(path.zeros("bias", &[output])), ..Self::unbiased(path, input, output) }
    }

    pub(crate) fn unbiased(path: &nn::Path, input: i64, output: i64) -> Self {
        let stdev = (input as f64).powf(-0.5);
        Self { weight: path.randn("weight", &[output, input], 0.0, stdev), bias: None }
    }

    /// `[.., in]` to `[.., out]`.
    pub(crate) fn forward(&self, xs: &Tensor) -> Tensor {
        let kind = xs.kind();
        xs.linear(&self.weight.to_kind(kind), self.bias.as_ref().map(|bias| bias.to_kind(kind)))
    }
}

/// Layer norm over the last axis.
///
/// Parameters: `weight`, ones, and `bias`, zeros, both `[M]`.
#[derive(Debug)]
pub(crate) struct Norm {
    weight: Tensor,
    bias: Tensor,
}

impl Norm {
    pub(crate) fn new(path: &nn::Path, width: i64) -> Self {
        Self { weight: path.ones("weight", &[width]), bias: path.zeros("bias", &[width]) }
    }

    /// `[.., M]` to the same shape.
    pub(crate) fn forward(&self, xs: &Tensor) -> Tensor {
        let (weight, bias) = (self.weight.to_kind(xs.kind()), self.bias.to_kind(xs.kind()));
        xs.layer_norm(self.weight.size(), Some(weight), Some(bias), 1e-5, true)
    }
}

/// Two linear layers with GELU between them.
///
/// Parameters: `up`, `down`.
#[derive(Debug)]
pub(crate) struct Perceptron {
    up: Linear,
    down: Linear,
}

impl Perceptron {
    pub(crate) fn new(path: &nn::Path, width: i64, hidden: i64) -> Self {
        Self { up: Linear::new(&(path / "up"), width, hidden), down: Linear::new(&(path / "down"), hidden, width) }
    }

    /// `[.., M]` to the same shape.
    pub(crate) fn forward(&self, xs: &Tensor) -> Tensor {
        self.down.forward(&self.up.forward(xs).gelu("none"))
    }
}

/// Dropout in training.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dropout {
    pub(crate) probability: f64,
    pub(crate) mode: Mode,
}

impl Dropout {
    pub(crate) fn off() -> Self {
        Self { probability: 0.0, mode: Mode::Eval }
    }

    /// The probability that counts now.
    pub(crate) fn rate(self) -> f64 {
        match self.mode {
            Mode::Train => self.probability,
            Mode::Eval => 0.0,
        }
    }

    pub(crate) fn apply(self, xs: &Tensor) -> Tensor {
        match self.rate() {
            0.0 => xs.shallow_clone(),
            rate => xs.dropout(rate, true),
        }
    }
}
