//! The one layer that Inception is made of.

use tch::{Tensor, nn};

use crate::ModelError;
use crate::weights::Weights;

/// Added to the variance.
const EPSILON: f64 = 1e-3;

/// What is added around the image.
#[derive(Debug, Clone, Copy)]
pub(super) enum Border {
    /// As many zeros as keep the size.
    Zeros,
    /// Nothing.
    None,
}

/// A convolution's geometry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) outputs: i64,
    /// Height and width of the kernel.
    pub(super) kernel: [i64; 2],
    pub(super) stride: i64,
    pub(super) border: Border,
}

impl Shape {
    /// A kernel that keeps the size.
    pub(super) fn same(outputs: i64, kernel: [i64; 2]) -> Self {
        Self { outputs, kernel, stride: 1, border: Border::Zeros }
    }

    /// A kernel of 3x3 that sees nothing outside of the image.
    pub(super) fn within(outputs: i64, stride: i64) -> Self {
        Self { outputs, kernel: [3, 3], stride, border: Border::None }
    }
}

/// Convolution, normalization by fixed statistics, and ReLU.
///
/// Parameters: `conv.weight`, `bn.weight`, `bn.bias`, `bn.running_mean`, `bn.running_var`.
#[derive(Debug)]
pub(super) struct Convolution {
    shape: Shape,
    weight: Tensor,
    scale: Tensor,
    shift: Tensor,
    mean: Tensor,
    variance: Tensor,
}

impl Convolution {
    /// The convolution `name` of `path`.
    pub(super) fn new(
        path: &nn::Path,
        name: &str,
        inputs: i64,
        shape: Shape,
        weights: &Weights,
    ) -> Result<Self, ModelError> {
        let (Shape { outputs, kernel: [height, width], .. }, layer) = (shape, path / name);
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
        let Shape { kernel: [height, width], stride, border, .. } = self.shape;
        let padding = match border {
            Border::Zeros => [height / 2, width / 2],
            Border::None => [0, 0],
        };
        let output = input.conv2d(&self.weight, None::<Tensor>, stride, padding, 1, 1);
        let (scale, shift) = (Some(&self.scale), Some(&self.shift));
        output.batch_norm(scale, shift, Some(&self.mean), Some(&self.variance), false, 0.0, EPSILON, false).relu()
    }
}
