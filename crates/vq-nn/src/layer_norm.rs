//! Layer normalisation.

use tch::{Kind, Tensor, nn};

/// Layer normalisation over the last axis (arXiv 1607.06450), in the dtype of its input.
///
/// Parameters: `weight`, ones, and `bias`, zeros, both `[M]`.
#[derive(Debug)]
pub struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
}

impl LayerNorm {
    /// Registers a norm.
    pub fn new(path: &nn::Path, width: i64) -> Self {
        Self { weight: path.ones("weight", &[width]), bias: path.zeros("bias", &[width]) }
    }

    /// `[.., M]` to the same shape.
    pub fn forward(&self, xs: &Tensor) -> Tensor {
        let (weight, bias) = (self.weight.to_kind(xs.kind()), self.bias.to_kind(xs.kind()));
        xs.layer_norm(self.weight.size(), Some(weight), Some(bias), 1e-5, true)
    }

    /// A detached copy in dtype `kind`, which does not follow later training.
    pub fn packed(&self, kind: Kind) -> Self {
        let copy = |tensor: &Tensor| tensor.detach().to_kind(kind);
        Self { weight: copy(&self.weight), bias: copy(&self.bias) }
    }
}
