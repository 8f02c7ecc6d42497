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
///
/// Both together are one transposed convolution of stride 2 by a 4x4 kernel, which is the convolution's, turned around,
/// with each 2x2 window summed: 4 products for each value and pair of channels instead of 9, and no doubled map in
/// memory. Results differ by rounding only.
#[derive(Debug)]
pub(crate) struct Upsample {
    conv: Conv,
}

impl Upsample {
    pub(crate) fn new(path: &nn::Path, channels: i64) -> Self {
        Self { conv: conv3(&(path / "conv"), channels, channels) }
    }

    /// `[C, C, 4, 4]`, input channels first as transposed convolutions have it.
    fn kernel(&self) -> Tensor {
        let turned = self.conv.weight.flip([2, 3]).transpose(0, 1);
        turned.avg_pool2d([2, 2], [1, 1], [1, 1], false, true, Some(1)) // divided by 1: sums
    }
}

impl Module for Upsample {
    /// `[B, C, H, W]` to `[B, C, 2H, 2W]`.
    fn forward(&self, xs: &Tensor) -> Tensor {
        let kind = xs.kind();
        let bias = self.conv.bias.as_ref().map(|bias| bias.to_kind(kind));
        xs.conv_transpose2d(&self.kernel().to_kind(kind), bias, [2, 2], [1, 1], [0, 0], 1, [1, 1])
    }
}
