//! Graph convolution.

use tch::Tensor;
use tch::nn;

use crate::Adjacency;

/// Graph convolution `A X W + b` with the normalized adjacency `A` (Kipf and Welling, arXiv 1609.02907, equation 2).
///
/// Parameters: `weight`, `[inputs, outputs]`, Glorot-uniform; `bias`, `[outputs]`, zero.
#[derive(Debug)]
pub struct GraphConv {
    weight: Tensor,
    bias: Tensor,
}

impl GraphConv {
    /// Registers the parameters under `path`.
    pub fn new(path: &nn::Path, inputs: i64, outputs: i64) -> Self {
        let bound = (6.0 / (inputs + outputs) as f64).sqrt();
        Self { weight: path.uniform("weight", &[inputs, outputs], -bound, bound), bias: path.zeros("bias", &[outputs]) }
    }

    /// Features `[K, inputs]` of all nodes to `[K, outputs]`.
    pub fn forward(&self, adjacency: &Adjacency, features: &Tensor) -> Tensor {
        adjacency.propagate(&features.mm(&self.weight)) + &self.bias
    }

    /// The same for features `[K, inputs]` that have been propagated.
    ///
    /// `A (X W) = (A X) W`, so `A X` of constant features is computed only once.
    pub fn forward_propagated(&self, propagated: &Tensor) -> Tensor {
        self.bias.addmm(propagated, &self.weight)
    }
}
