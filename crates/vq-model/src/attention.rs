//! Self-attention over the positions of a feature map.

use tch::Tensor;
use tch::nn::{self, Module};

use crate::convolution::Conv;
use crate::layers::{Norm, conv1};

/// One head over all positions, added to the input (taming-transformers, `AttnBlock`).
///
/// Parameters: `norm`, `q`, `k`, `v`, `proj_out`.
#[derive(Debug)]
pub(crate) struct AttentionBlock {
    norm: Norm,
    query: Conv,
    key: Conv,
    value: Conv,
    output: Conv,
}

impl AttentionBlock {
    pub(crate) fn new(path: &nn::Path, channels: i64) -> Self {
        let project = |name: &str| conv1(&(path / name), channels, channels);
        Self {
            norm: Norm::new(&(path / "norm"), channels),
            query: project("q"),
            key: project("k"),
            value: project("v"),
            output: project("proj_out"),
        }
    }
}

impl Module for AttentionBlock {
    /// `[B, C, H, W]` to the same shape.
    fn forward(&self, xs: &Tensor) -> Tensor {
        let size = xs.size();
        let normed = self.norm.forward(xs);
        let rows = |conv: &Conv| conv.forward(&normed).flatten(2, 3).transpose(1, 2).unsqueeze(1); // [B, 1, HW, C]
        let attended = Tensor::scaled_dot_product_attention(
            &rows(&self.query),
            &rows(&self.key),
            &rows(&self.value),
            None::<Tensor>,
            0.0,
            false,
            None,
            false,
        );
        let grid = attended.squeeze_dim(1).transpose(1, 2).reshape(&size); // [B, C, H, W]
        xs + self.output.forward(&grid)
    }
}
