//! Convolutions over the grid of codes.

use tch::{Tensor, nn};
use vq_nn::{Dropout, LayerNorm};

/// A residual 3x3 convolution: `x + gelu(conv(norm(x)))`.
///
/// Parameters: `norm`; `weight`, `[M, M, 3, 3]`, initialised from a normal distribution with variance `1 / (9 M)`;
/// `bias`, `[M]`, zero.
#[derive(Debug)]
pub(crate) struct Neighbourhood {
    norm: LayerNorm,
    weight: Tensor,
    bias: Tensor,
}

impl Neighbourhood {
    pub(crate) fn new(path: &nn::Path, width: i64) -> Self {
        let std = (9.0 * width as f64).powf(-0.5);
        Self {
            norm: LayerNorm::new(&(path / "norm"), width),
            weight: path.randn("weight", &[width, width, 3, 3], 0.0, std),
            bias: path.zeros("bias", &[width]),
        }
    }

    /// `[B, H, W, M]` to the same shape.
    pub(crate) fn forward(&self, cells: &Tensor, dropout: Dropout) -> Tensor {
        let kind = cells.kind();
        let grid = self.norm.forward(cells).permute([0, 3, 1, 2]);
        let (weight, bias) = (self.weight.to_kind(kind), self.bias.to_kind(kind));
        let convolved = grid.conv2d(&weight, Some(bias), 1, 1, 1, 1).gelu("none");
        cells + dropout.apply(&convolved.permute([0, 2, 3, 1]))
    }
}
