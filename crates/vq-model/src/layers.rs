//! The small layers that every block uses.

use tch::nn::{self, ConvConfig};

pub(crate) const NORM_GROUPS: i64 = 32;
const NORM_EPSILON: f64 = 1e-6;

/// Group normalization over 32 groups. Parameters: `weight`, `bias`, `[C]`.
pub(crate) fn norm(path: &nn::Path, channels: i64) -> nn::GroupNorm {
    let config = nn::GroupNormConfig { eps: NORM_EPSILON, ..Default::default() };
    nn::group_norm(path, NORM_GROUPS, channels, config)
}

/// 3x3 convolution that keeps height and width. Parameters: `weight`, `[out, in, 3, 3]`; `bias`, `[out]`.
pub(crate) fn conv3(path: &nn::Path, inputs: i64, outputs: i64) -> nn::Conv2D {
    nn::conv2d(path, inputs, outputs, 3, with_torch_init(inputs * 9, ConvConfig { padding: 1, ..Default::default() }))
}

/// 1x1 convolution. Parameters: `weight`, `[out, in, 1, 1]`; `bias`, `[out]`.
pub(crate) fn conv1(path: &nn::Path, inputs: i64, outputs: i64) -> nn::Conv2D {
    nn::conv2d(path, inputs, outputs, 1, with_torch_init(inputs, ConvConfig::default()))
}

/// PyTorch's initialization of convolutions: weight and bias uniform in `±1 / sqrt(fan_in)`.
pub(crate) fn with_torch_init(fan_in: i64, config: ConvConfig) -> ConvConfig {
    let bound = 1.0 / (fan_in as f64).sqrt();
    let init = nn::Init::Uniform { lo: -bound, up: bound };
    ConvConfig { ws_init: init, bs_init: init, ..config }
}
