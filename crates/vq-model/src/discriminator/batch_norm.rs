//! Batch normalization.

use tch::{Tensor, nn};
use vq_core::Mode;

use super::patch_layout::INIT_DEVIATION;

const MOMENTUM: f64 = 0.1;
const EPSILON: f64 = 1e-5;

/// Batch normalization with PyTorch's momentum 0.1 and epsilon 1e-5.
///
/// Parameters: `weight`, from N(1, 0.02), and `bias`, `[C]`; buffers: `running_mean`, `running_var`, `[C]`.
#[derive(Debug)]
pub(super) struct BatchNorm {
    weight: Tensor,
    bias: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
}

impl BatchNorm {
    pub(super) fn new(path: &nn::Path, channels: i64) -> Self {
        let size = [channels];
        Self {
            weight: path.randn("weight", &size, 1.0, INIT_DEVIATION),
            bias: path.zeros("bias", &size),
            running_mean: path.zeros_no_train("running_mean", &size),
            running_var: path.ones_no_train("running_var", &size),
        }
    }

    /// `[B, C, H, W]` to the same shape and dtype; statistics are `Float`, also for `BFloat16` input.
    ///
    /// [`Mode::Train`] uses the statistics of the batch and updates the running ones.
    /// [`Mode::Eval`] uses the running ones.
    pub(super) fn forward(&self, xs: &Tensor, mode: Mode) -> Tensor {
        let (mean, var) = (Some(&self.running_mean), Some(&self.running_var));
        let train = mode == Mode::Train;
        xs.batch_norm(Some(&self.weight), Some(&self.bias), mean, var, train, MOMENTUM, EPSILON, true)
    }
}
