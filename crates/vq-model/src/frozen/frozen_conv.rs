//! The layer of Inception-v3.

use tch::{Tensor, nn};

use super::weights::Weights;
use crate::ModelError;

/// Added to the variance.
const EPSILON: f64 = 1e-3;

/// Padding of a convolution.
#[derive(Debug, Clone, Copy)]
pub(super) enum Padding {
    /// Zeros that keep height and width.
    Same,
    /// None.
    Valid,
}

/// Geometry of a convolution.
#[derive(Debug, Clone, Copy)]
pub(super) struct FrozenConvShape {
    pub(super) outputs: i64,
    /// Height and width of the kernel.
    pub(super) kernel: [i64; 2],
    pub(super) stride: i64,
    pub(super) padding: Padding,
}

impl FrozenConvShape {
    /// A convolution that keeps height and width.
    pub(super) fn same(outputs: i64, kernel: [i64; 2]) -> Self {
        Self { outputs, kernel, stride: 1, padding: Padding::Same }
    }

    /// A 3x3 convolution without padding.
    pub(super) fn valid(outputs: i64, stride: i64) -> Self {
        Self { outputs, kernel: [3, 3], stride, padding: Padding::Valid }
    }
}

/// Convolution, batch normalization with fixed statistics, and ReLU.
///
/// Parameters: `conv.weight`, `bn.weight`, `bn.bias`, `bn.running_mean`, `bn.running_var`.
#[derive(Debug)]
pub(super) struct FrozenConv {
    shape: FrozenConvShape,
    weight: Tensor,
    scale: Tensor,
    shift: Tensor,
    mean: Tensor,
    variance: Tensor,
}

impl FrozenConv {
    /// Takes the weights of the convolution `name` of `path`.
    pub(super) fn new(
        path: &nn::Path,
        name: &str,
        inputs: i64,
        shape: FrozenConvShape,
        weights: &Weights,
    ) -> Result<Self, ModelError> {
        let (FrozenConvShape { outputs, kernel: [height, width], .. }, layer) = (shape, path / name);
        let take = |part: &str, kind: &str, size: &[i64]| {
            let at = &layer / part;
            let name: Vec<String> = at.components().map(str::to_owned).chain([kind.to_owned()]).collect();
            Ok::<_, ModelError>(at.var_copy(kind, &weights.find(&[name.join(".")], size)?))
        };
        Ok(Self {
            weight: take("conv", "weight", &[outputs, inputs, height, width])?,
            scale: take("bn", "weight", &[outputs])?,
            shift: take("bn", "bias", &[outputs])?,
            mean: take("bn", "running_mean", &[outputs])?,
            variance: take("bn", "running_var", &[outputs])?,
            shape,
        })
    }

    /// `[B, I, H, W]` to `[B, O, H', W']`.
    pub(super) fn forward(&self, input: &Tensor) -> Tensor {
        let FrozenConvShape { kernel: [height, width], stride, padding, .. } = self.shape;
        let padding = match padding {
            Padding::Same => [height / 2, width / 2],
            Padding::Valid => [0, 0],
        };
        let output = input.conv2d(&self.weight, None::<Tensor>, stride, padding, 1, 1);
        let (scale, shift) = (Some(&self.scale), Some(&self.shift));
        output.batch_norm(scale, shift, Some(&self.mean), Some(&self.variance), false, 0.0, EPSILON, false).relu()
    }
}
