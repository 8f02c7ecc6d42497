//! Residual block.

use tch::Tensor;
use tch::nn::{self, Module};

use crate::layers::{conv1, conv3, norm};

/// Norm, swish, convolution, twice, added to the input (taming-transformers, `ResnetBlock`).
///
/// Parameters: `norm1`, `conv1`, `norm2`, `conv2`, and `nin_shortcut` where the number of channels changes.
#[derive(Debug)]
pub(crate) struct ResidualBlock {
    norm1: nn::GroupNorm,
    conv1: nn::Conv2D,
    norm2: nn::GroupNorm,
    conv2: nn::Conv2D,
    shortcut: Option<nn::Conv2D>,
}

impl ResidualBlock {
    pub(crate) fn new(path: &nn::Path, inputs: i64, outputs: i64) -> Self {
        Self {
            norm1: norm(&(path / "norm1"), inputs),
            conv1: conv3(&(path / "conv1"), inputs, outputs),
            norm2: norm(&(path / "norm2"), outputs),
            conv2: conv3(&(path / "conv2"), outputs, outputs),
            shortcut: (inputs != outputs).then(|| conv1(&(path / "nin_shortcut"), inputs, outputs)),
        }
    }
}

impl Module for ResidualBlock {
    /// `[B, inputs, H, W]` to `[B, outputs, H, W]`.
    fn forward(&self, xs: &Tensor) -> Tensor {
        let hidden = self.conv1.forward(&self.norm1.forward(xs).silu());
        let hidden = self.conv2.forward(&self.norm2.forward(&hidden).silu());
        match &self.shortcut {
            Some(shortcut) => shortcut.forward(xs) + hidden,
            None => xs + hidden,
        }
    }
}
