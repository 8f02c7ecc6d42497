//! Halving and doubling of a feature map.

use tch::Tensor;
use tch::nn::{self, Module};

use crate::convolution::{Conv, ConvShape};
use crate::layers::conv3;

/// Halves height and width: zero padding at right and bottom only, then a 3x3 convolution of stride 2
/// (taming-transformers, `Downsample`). Parameter: `conv`.
#[derive(Debug)]
pub(crate) struct Downsample {
    conv: Conv,
}

impl Downsample {
    pub(crate) fn new(path: &nn::Path, channels: i64) -> Self {
        let shape = ConvShape { inputs: channels, outputs: channels, kernel: 3, stride: 2, padding: 0 };
        Self { conv: Conv::new(&(path / "conv"), shape) }
    }
}

impl Module for Downsample {
    /// `[B, C, H, W]` to `[B, C, H/2, W/2]`, for even `H` and `W`.
    fn forward(&self, xs: &Tensor) -> Tensor {
        self.conv.forward(&xs.constant_pad_nd([0, 1, 0, 1]))
    }
}

/// Doubles height and width by repetition, then a 3x3 convolution (taming-transformers, `Upsample`).
/// Parameter: `conv`.
#[derive(Debug)]
pub(crate) struct Upsample {
    conv: Conv,
}

impl Upsample {
    pub(crate) fn new(path: &nn::Path, channels: i64) -> Self {
        Self { conv: conv3(&(path / "conv"), channels, channels) }
    }
}

impl Module for Upsample {
    /// `[B, C, H, W]` to `[B, C, 2H, 2W]`.
    fn forward(&self, xs: &Tensor) -> Tensor {
        let size = xs.size();
        self.conv.forward(&xs.upsample_nearest2d([size[2] * 2, size[3] * 2], None, None))
    }
}
