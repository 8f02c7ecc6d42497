//! Batch normalization.

use tch::{Tensor, nn};
use vq_core::Mode;

/// Standard deviation of the initial weights of a discriminator (DCGAN, arXiv 1511.06434, section 3.1).
pub(crate) const INIT_DEVIATION: f64 = 0.02;
const MOMENTUM: f64 = 0.1;
const EPSILON: f64 = 1e-5;

/// Batch normalization with PyTorch's momentum 0.1 and epsilon 1e-5.
///
/// Parameters: `weight`, from N(1, 0.02), and `bias`, `[C]`; buffers: `running_mean`, `running_var`, `[C]`.
#[derive(Debug)]
pub(crate) struct BatchNorm {
    weight: Tensor,
    bias: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
}

impl BatchNorm {
    pub(crate) fn new(path: &nn::Path, channels: i64) -> Self {
        let size = [channels];
        Self {
            weight: path.randn("weight", &size, 1.0, INIT_DEVIATION),
            bias: path.zeros("bias", &size),
            running_mean: path.zeros_no_train("running_mean", &size),
            running_var: path.ones_no_train("running_var", &size),
        }
    }

    /// `[B, C, H, W]` to the same shape and kind; statistics are `Float`, also of `BFloat16` input.
    ///
    /// In [`Mode::Train`] by the statistics of the batch, which are mixed into the running ones.
    /// In [`Mode::Eval`] by the running ones.
    pub(crate) fn forward(&self, xs: &Tensor, mode: Mode) -> Tensor {
        let (mean, var) = (Some(&self.running_mean), Some(&self.running_var));
        let train = mode == Mode::Train;
        xs.batch_norm(Some(&self.weight), Some(&self.bias), mean, var, train, MOMENTUM, EPSILON, true)
    }
}
