//! Halving and doubling of a feature map.

use tch::Tensor;
use tch::nn::{self, ConvConfig, Module};

use crate::layers::{conv3, with_torch_init};

/// Halves height and width: zero padding at right and bottom only, then a 3x3 convolution of stride 2
/// (taming-transformers, `Downsample`). Parameter: `conv`.
#[derive(Debug)]
pub(crate) struct Downsample {
    conv: nn::Conv2D,
}

impl Downsample {
    pub(crate) fn new(path: &nn::Path, channels: i64) -> Self {
        let config = with_torch_init(channels * 9, ConvConfig { stride: 2, ..Default::default() });
        Self { conv: nn::conv2d(path / "conv", channels, channels, 3, config) }
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
    conv: nn::Conv2D,
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
