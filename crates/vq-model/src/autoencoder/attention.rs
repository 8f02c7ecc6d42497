//! Self-attention over the positions of a feature map.

use tch::nn::{self, Module};
use tch::{Device, Tensor};

use crate::layers::{Conv, GroupNorm, conv1};

/// Positions up to which the CPU computes the matrix of attention weights: 4 MiB in f32 per image.
const LARGEST_MATRIX: i64 = 1024;

/// One attention head over all positions, added to the input (taming-transformers, `AttnBlock`).
///
/// Parameters: `norm`, `q`, `k`, `v`, `proj_out`.
#[derive(Debug)]
pub(crate) struct AttentionBlock {
    norm: GroupNorm,
    query: Conv,
    key: Conv,
    value: Conv,
    output: Conv,
}

impl AttentionBlock {
    pub(crate) fn new(path: &nn::Path, channels: i64) -> Self {
        let project = |name: &str| conv1(&(path / name), channels, channels);
        Self {
            norm: GroupNorm::new(&(path / "norm"), channels),
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
        let project = |conv: &Conv| conv.forward(&normed).flatten(2, 3); // [B, C, HW]
        let (query, key, value) = (project(&self.query), project(&self.key), project(&self.value));
        let attended = match xs.device() {
            Device::Cpu if size[2] * size[3] <= LARGEST_MATRIX => by_matrix(&query, &key, &value),
            _ => fused(&query, &key, &value),
        };
        xs + self.output.forward(&attended.reshape(&size))
    }
}

/// Attention over `[B, C, HW]` that keeps the matrix of weights, `[B, HW, HW]`, for the gradient.
///
/// On the CPU it is faster than torch's fused attention, three times in bf16.
/// The keys are the rows of the matrix, so no product needs a transposed copy.
fn by_matrix(query: &Tensor, key: &Tensor, value: &Tensor) -> Tensor {
    let scale = (query.size()[1] as f64).powf(-0.5);
    let scores = key.transpose(1, 2).bmm(&(query * scale));
    value.bmm(&scores.softmax(1, scores.kind()))
}

/// Attention over `[B, C, HW]` by torch's fused kernel, which keeps no matrix of weights.
fn fused(query: &Tensor, key: &Tensor, value: &Tensor) -> Tensor {
    // Torch falls back to the full matrix if rows are not contiguous.
    let rows = |map: &Tensor| map.transpose(1, 2).unsqueeze(1).contiguous(); // [B, 1, HW, C]
    let (query, key, value) = (rows(query), rows(key), rows(value));
    let attended = Tensor::scaled_dot_product_attention(&query, &key, &value, None::<Tensor>, 0.0, false, None, false);
    attended.squeeze_dim(1).transpose(1, 2)
}
