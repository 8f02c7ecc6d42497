//! Group normalization.

use tch::{Device, Kind, Tensor, nn};

/// Groups of the autoencoder's normalizations.
pub(crate) const NORM_GROUPS: i64 = 32;
const EPSILON: f64 = 1e-6;

/// Group normalization. Parameters: `weight`, `bias`, `[C]`.
#[derive(Debug)]
pub(crate) struct GroupNorm {
    weight: Tensor,
    bias: Tensor,
    groups: i64,
}

impl GroupNorm {
    /// Registers the parameters for 32 groups.
    pub(crate) fn new(path: &nn::Path, channels: i64) -> Self {
        Self::with_groups(path, channels, NORM_GROUPS)
    }

    /// Registers the parameters for a number of groups that divides the channels.
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

    /// The CPU takes `BFloat16` input with `Float` parameters and keeps `Float` statistics.
    /// CUDA takes one dtype only and would round the statistics to it, so the input is cast to `Float` there.
    fn normalized(&self, xs: &Tensor) -> Tensor {
        let xs = match xs.device() {
            Device::Cpu => xs.shallow_clone(),
            _ => xs.to_kind(Kind::Float),
        };
        xs.group_norm(self.groups, Some(&self.weight), Some(&self.bias), EPSILON, true)
    }
}
