//! Halving and doubling of feature maps.

use tch::Tensor;
use tch::nn::{self, Module};

use crate::layers::{Conv, ConvShape, conv3};

/// Halves height and width by zero padding at the right and the bottom only, and a 3x3 convolution of stride 2
/// (taming-transformers, `Downsample`). Parameter: `conv`.
#[derive(Debug)]
pub(super) struct Downsample {
    conv: Conv,
}

impl Downsample {
    pub(super) fn new(path: &nn::Path, channels: i64) -> Self {
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

/// Doubles height and width by repetition and a 3x3 convolution (taming-transformers, `Upsample`).
/// Parameter: `conv`.
///
/// Both are computed as one transposed convolution of stride 2 with a 4x4 kernel: the flipped 3x3 kernel with each 2x2
/// window summed.
/// This takes 4 products per value and pair of channels instead of 9, and no doubled map in memory.
/// Results differ by rounding only.
#[derive(Debug)]
pub(super) struct Upsample {
    conv: Conv,
}

impl Upsample {
    pub(super) fn new(path: &nn::Path, channels: i64) -> Self {
        Self { conv: conv3(&(path / "conv"), channels, channels) }
    }

    /// `[C, C, 4, 4]`, input channels first as transposed convolutions have it.
    fn kernel(&self) -> Tensor {
        let flipped = self.conv.weight.flip([2, 3]).transpose(0, 1);
        flipped.avg_pool2d([2, 2], [1, 1], [1, 1], false, true, Some(1)) // sums, since the divisor is 1
    }
}

impl Module for Upsample {
    /// `[B, C, H, W]` to `[B, C, 2H, 2W]`.
    fn forward(&self, xs: &Tensor) -> Tensor {
        let dtype = xs.kind();
        let bias = self.conv.bias.as_ref().map(|bias| bias.to_kind(dtype));
        xs.conv_transpose2d(&self.kernel().to_kind(dtype), bias, [2, 2], [1, 1], [0, 0], 1, [1, 1])
    }
}
