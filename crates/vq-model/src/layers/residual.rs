//! Residual block.

use tch::Tensor;
use tch::nn::{self, Module};

use super::convolution::{Conv, conv1, conv3};
use super::norm::{GroupNorm, NORM_GROUPS};

/// Normalization, swish and convolution, twice, added to the input (taming-transformers, `ResnetBlock`).
///
/// Parameters: `norm1`, `conv1`, `norm2`, `conv2`, and `nin_shortcut` if the number of channels changes.
#[derive(Debug)]
pub(crate) struct ResidualBlock {
    norm1: GroupNorm,
    conv1: Conv,
    norm2: GroupNorm,
    conv2: Conv,
    shortcut: Option<Conv>,
}

impl ResidualBlock {
    pub(crate) fn new(path: &nn::Path, inputs: i64, outputs: i64) -> Self {
        Self::with_groups(path, inputs, outputs, NORM_GROUPS)
    }

    /// Registers the parameters with another number of groups in both normalizations.
    pub(crate) fn with_groups(path: &nn::Path, inputs: i64, outputs: i64, groups: i64) -> Self {
        Self {
            norm1: GroupNorm::with_groups(&(path / "norm1"), inputs, groups),
            conv1: conv3(&(path / "conv1"), inputs, outputs),
            norm2: GroupNorm::with_groups(&(path / "norm2"), outputs, groups),
            conv2: conv3(&(path / "conv2"), outputs, outputs),
            shortcut: (inputs != outputs).then(|| conv1(&(path / "nin_shortcut"), inputs, outputs)),
        }
    }
}

impl Module for ResidualBlock {
    /// `[B, inputs, H, W]` to `[B, outputs, H, W]`.
    fn forward(&self, xs: &Tensor) -> Tensor {
        let hidden = self.conv1.forward(&self.norm1.swish(xs));
        let hidden = self.conv2.forward(&self.norm2.swish(&hidden));
        match &self.shortcut {
            Some(shortcut) => shortcut.forward(xs) + hidden,
            None => xs + hidden,
        }
    }
}
