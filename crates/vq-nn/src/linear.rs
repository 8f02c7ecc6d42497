//! Linear layers.

use tch::{Kind, Tensor, nn};

/// `x W^T + b`, in the dtype of `x`.
///
/// Parameters: `weight`, `[out, in]`, initialised from a normal distribution with variance `1 / in` unless a standard
/// deviation is given; `bias`, `[out]`, zero, if there is one.
#[derive(Debug)]
pub struct Linear {
    /// `[out, in]`.
    weight: Tensor,
    /// `[out]`.
    bias: Option<Tensor>,
}

impl Linear {
    /// Registers a layer with a bias.
    pub fn new(path: &nn::Path, input: i64, output: i64) -> Self {
        Self::with_std(path, input, output, (input as f64).powf(-0.5))
    }

    /// Registers a layer with a bias, whose weights are initialised with standard deviation `std`.
    pub fn with_std(path: &nn::Path, input: i64, output: i64, std: f64) -> Self {
        let weight = path.randn("weight", &[output, input], 0.0, std);
        Self { weight, bias: Some(path.zeros("bias", &[output])) }
    }

    /// Registers a layer without a bias.
    pub fn unbiased(path: &nn::Path, input: i64, output: i64) -> Self {
        let std = (input as f64).powf(-0.5);
        Self { weight: path.randn("weight", &[output, input], 0.0, std), bias: None }
    }

    /// A layer of the given weight `[out, in]` and bias `[out]`; registers nothing.
    pub fn from_tensors(weight: Tensor, bias: Option<Tensor>) -> Self {
        Self { weight, bias }
    }

    /// `[.., in]` to `[.., out]`.
    pub fn forward(&self, xs: &Tensor) -> Tensor {
        let kind = xs.kind();
        xs.linear(&self.weight.to_kind(kind), self.bias.as_ref().map(|bias| bias.to_kind(kind)))
    }

    /// A copy for inference on few rows of dtype `kind`: detached, with weights in the faster memory order.
    ///
    /// The copy does not follow later training.
    pub fn packed(&self, kind: Kind) -> Self {
        let weight = self.weight.detach().to_kind(kind);
        let weight = match weight.size()[..] {
            // For one row, MKL adds up the rows of a transposed matrix, or sums along the rows of an untransposed one.
            // We measured the first to be twice as fast for 384 to 1536 features.
            [output, input] if output >= input => weight.transpose(0, 1).contiguous().transpose(0, 1),
            _ => weight.contiguous(),
        };
        Self { weight, bias: self.bias.as_ref().map(|bias| bias.detach().to_kind(kind)) }
    }
}
