//! Linear layers, norms and perceptrons; each computes in the kind of number of what enters it.

use tch::{Kind, Tensor, nn};
use vq_core::Mode;

use crate::laid::LaidLinear;

/// `x W^T + b`.
///
/// Parameters: `weight`, `[out, in]`, normal with variance `1 / in` unless said otherwise; `bias`, `[out]`, zero, where
/// there is one.
#[derive(Debug)]
pub struct Linear {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    /// Registers a layer with a bias.
    pub fn new(path: &nn::Path, input: i64, output: i64) -> Self {
        Self::with_deviation(path, input, output, (input as f64).powf(-0.5))
    }

    /// Registers a layer with a bias, whose weights have a standard deviation of their own.
    pub fn with_deviation(path: &nn::Path, input: i64, output: i64, deviation: f64) -> Self {
        let weight = path.randn("weight", &[output, input], 0.0, deviation);
        Self { weight, bias: Some(path.zeros("bias", &[output])) }
    }

    /// Registers a layer without a bias.
    pub fn unbiased(path: &nn::Path, input: i64, output: i64) -> Self {
        let deviation = (input as f64).powf(-0.5);
        Self { weight: path.randn("weight", &[output, input], 0.0, deviation), bias: None }
    }

    /// `[.., in]` to `[.., out]`.
    pub fn forward(&self, xs: &Tensor) -> Tensor {
        let kind = xs.kind();
        xs.linear(&self.weight.to_kind(kind), self.bias.as_ref().map(|bias| bias.to_kind(kind)))
    }

    /// A copy of the weights as they are now, for many passes over few rows.
    pub fn lay(&self, kind: Kind) -> LaidLinear {
        LaidLinear::new(&self.weight, self.bias.as_ref(), kind)
    }
}

/// Layer norm over the last axis.
///
/// Parameters: `weight`, ones, and `bias`, zeros, both `[M]`.
#[derive(Debug)]
pub struct Norm {
    weight: Tensor,
    bias: Tensor,
}

impl Norm {
    /// Registers a norm.
    pub fn new(path: &nn::Path, width: i64) -> Self {
        Self { weight: path.ones("weight", &[width]), bias: path.zeros("bias", &[width]) }
    }

    /// `[.., M]` to the same shape.
    pub fn forward(&self, xs: &Tensor) -> Tensor {
        let (weight, bias) = (self.weight.to_kind(xs.kind()), self.bias.to_kind(xs.kind()));
        xs.layer_norm(self.weight.size(), Some(weight), Some(bias), 1e-5, true)
    }
}

/// Two linear layers with GELU between them.
///
/// Parameters: `up`, `down`.
#[derive(Debug)]
pub struct Perceptron {
    up: Linear,
    down: Linear,
}

impl Perceptron {
    /// Registers a perceptron.
    pub fn new(path: &nn::Path, width: i64, hidden: i64) -> Self {
        Self::with_deviation(path, width, hidden, (hidden as f64).powf(-0.5))
    }

    /// Registers a perceptron, the weights of whose second layer have a standard deviation of their own.
    pub fn with_deviation(path: &nn::Path, width: i64, hidden: i64, deviation: f64) -> Self {
        let up = Linear::new(&(path / "up"), width, hidden);
        Self { up, down: Linear::with_deviation(&(path / "down"), hidden, width, deviation) }
    }

    /// `[.., M]` to the same shape.
    pub fn forward(&self, xs: &Tensor) -> Tensor {
        self.down.forward(&self.up.forward(xs).gelu("none"))
    }

    /// The first layer.
    pub fn up(&self) -> &Linear {
        &self.up
    }

    /// The second layer.
    pub fn down(&self) -> &Linear {
        &self.down
    }
}

/// Dropout in training.
#[derive(Debug, Clone, Copy)]
pub struct Dropout {
    /// Of dropping a feature.
    pub probability: f64,
    /// Nothing is dropped in `Eval`.
    pub mode: Mode,
}

impl Dropout {
    /// Drops nothing.
    pub fn off() -> Self {
        Self { probability: 0.0, mode: Mode::Eval }
    }

    /// The probability that counts now.
    pub fn rate(self) -> f64 {
        match self.mode {
            Mode::Train => self.probability,
            Mode::Eval => 0.0,
        }
    }

    /// Drops features of any shape, and scales the others up.
    pub fn apply(self, xs: &Tensor) -> Tensor {
        match self.rate() {
            0.0 => xs.shallow_clone(),
            rate => xs.dropout(rate, true),
        }
    }
}
