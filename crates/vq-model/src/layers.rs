//! The small layers that every block uses.
//!
//! Each computes in the kind of its input and gives the same kind back; parameters are `Float`.

use tch::{Device, Kind, Tensor, nn};

use crate::convolution::{Conv, ConvShape};

pub(crate) const NORM_GROUPS: i64 = 32;
const NORM_EPSILON: f64 = 1e-6;

/// 3x3 convolution that keeps height and width.
pub(crate) fn conv3(path: &nn::Path, inputs: i64, outputs: i64) -> Conv {
    Conv::new(path, ConvShape { inputs, outputs, kernel: 3, stride: 1, padding: 1 })
}

/// 1x1 convolution.
pub(crate) fn conv1(path: &nn::Path, inputs: i64, outputs: i64) -> Conv {
    Conv::new(path, ConvShape { inputs, outputs, kernel: 1, stride: 1, padding: 0 })
}

/// Group normalization. Parameters: `weight`, `bias`, `[C]`.
#[derive(Debug)]
pub(crate) struct Norm {
    weight: Tensor,
    bias: Tensor,
    groups: i64,
}

impl Norm {
    /// Over 32 groups.
    pub(crate) fn new(path: &nn::Path, channels: i64) -> Self {
        Self::with_groups(path, channels, NORM_GROUPS)
    }

    /// Over groups that divide the channels.
    pub(crate) fn with_groups(path: &nn::Path, channels: i64, groups: i64) -> Self {
        Self { weight: path.ones("weight", &[channels]), bias: path.zeros("bias", &[channels]), groups }
    }

    /// `[B, C, H, W]` to the same shape.
    pub(crate) fn forward(&self, xs: &Tensor) -> Tensor {
        self.normalized(xs).to_kind(xs.kind())
    }

    /// Normalization and swish, `[B, C, H, W]` to the same shape.
    pub(crate) fn swish(&self, xs: &Tensor) -> Tensor {
        self.normalized(xs).silu().to_kind(xs.kind())
    }

    /// The CPU takes `BFloat16` with `Float` parameters and keeps `Float` statistics.
    /// CUDA takes one kind only and would round the statistics to it: there the input is cast up.
    fn normalized(&self, xs: &Tensor) -> Tensor {
        let xs = match xs.device() {
            Device::Cpu => xs.shallow_clone(),
            _ => xs.to_kind(Kind::Float),
        };
        xs.group_norm(self.groups, Some(&self.weight), Some(&self.bias), NORM_EPSILON, true)
    }
}
