use tch::{Tensor, nn};
use vq_transformer::{Dropout, Norm};

/// A position sees its eight neighbours: `x + gelu(conv(norm(x)))`, with a convolution of 3x3.
///
/// Parameters: `norm`; `weight`, `[M, M, 3, 3]`, normal with variance `1 / (9 M)`; `bias`, `[M]`, zero.
#[derive(Debug)]
pub(crate) struct Neighbourhood {
    norm: Norm,
    weight: Tensor,
    bias: Tensor,
}

impl Neighbourhood {
    pub(crate) fn new(path: &nn::Path, width: i64) -> Self {
        let stdev = (9.0 * width as f64).powf(-0.5);
        Self {
            norm: Norm::new(&(path / "norm"), width),
            weight: path.randn("weight", &[width, width, 3, 3], 0.0, stdev),
            bias: path.zeros("bias", &[width]),
        }
    }

    /// `[B, H, W, M]` to the same shape.
    pub(crate) fn forward(&self, cells: &Tensor, dropout: Dropout) -> Tensor {
        let kind = cells.kind();
        let grid = self.norm.forward(cells).permute([0, 3, 1, 2]);
        let (weight, bias) = (self.weight.to_kind(kind), self.bias.to_kind(kind));
        let seen = grid.conv2d(&weight, Some(bias), 1, 1, 1, 1).gelu("none");
        cells + dropout.apply(&seen.permute([0, 2, 3, 1]))
    }
}
