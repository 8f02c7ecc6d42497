//! The convolutions that both patch discriminators have.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::layers::ConvShape;
use crate::{ModelError, Precision};

const KERNEL: i64 = 4;
const PADDING: i64 = 1;
/// Slope of the leaky ReLU below zero.
const SLOPE: f64 = 0.2;
/// Largest multiple of the first convolution's channels.
const LARGEST_MULTIPLIER: i64 = 8;
/// Standard deviation of the initial weights (DCGAN, arXiv 1511.06434, section 3.1).
pub(super) const INIT_DEVIATION: f64 = 0.02;

/// Shape of a patch discriminator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PatchConfig {
    /// Number `n` of convolutions of stride 2. The patch of a logit grows with `2^n`: 70x70 pixels for 3. Default 3.
    pub layers: i64,
    /// Channels after the first convolution; each further one doubles them, up to 8 times as many. Default 64.
    pub filters: i64,
}

impl Default for PatchConfig {
    fn default() -> Self {
        Self { layers: 3, filters: 64 }
    }
}

impl PatchConfig {
    /// The smallest side of an image: the convolutions of stride 2 must leave 3 positions, since the two of stride 1
    /// take one each.
    pub(super) fn smallest(&self) -> i64 {
        3 << self.layers
    }

    /// Checks that the network can be built.
    ///
    /// # Errors
    /// [`ModelError::Option`] naming the field.
    pub fn check(&self) -> Result<(), ModelError> {
        let refuse = |expected: &str, got: i64| {
            Err(ModelError::Option { op: "DiscriminatorConfig", expected: expected.into(), got: got.to_string() })
        };
        if !(1..=8).contains(&self.layers) {
            return refuse("`layers` in 1..=8", self.layers);
        }
        if self.filters < 1 {
            return refuse("`filters` >= 1", self.filters);
        }
        Ok(())
    }

    /// Channels after convolution `index`.
    pub(super) fn width(&self, index: i64) -> i64 {
        self.filters * (1 << index.min(8)).min(LARGEST_MULTIPLIER)
    }

    /// Convolution `index` of `0..=layers + 1`.
    pub(super) fn conv(&self, index: i64) -> ConvShape {
        ConvShape {
            inputs: if index == 0 { 3 } else { self.width(index - 1) },
            outputs: if index > self.layers { 1 } else { self.width(index) },
            kernel: KERNEL,
            stride: if index < self.layers { 2 } else { 1 },
            padding: PADDING,
        }
    }
}

/// The check and the cast of a discriminator's input.
#[derive(Debug)]
pub(super) struct PatchInput {
    op: &'static str,
    smallest: i64,
    precision: Precision,
}

impl PatchInput {
    /// For the discriminator named `op` in errors.
    pub(super) fn new(op: &'static str, config: &PatchConfig, precision: Precision) -> Self {
        Self { op, smallest: config.smallest(), precision }
    }

    /// Checks images `[B, 3, H, W]` and casts them to the precision.
    pub(super) fn prepare(&self, images: &Tensor) -> Result<Tensor, ModelError> {
        match images.size()[..] {
            [batch, 3, height, width] if batch > 0 && height.min(width) >= self.smallest => {
                Ok(self.precision.cast(images))
            }
            _ => Err(ModelError::Shape {
                op: self.op,
                expected: format!("[B, 3, H, W] with B >= 1, H and W >= {}", self.smallest),
                got: images.size(),
            }),
        }
    }
}

/// Leaky ReLU with slope 0.2.
pub(super) fn leaky_relu(xs: &Tensor) -> Tensor {
    // tch binds `leaky_relu` with slope 0.01 only. Its backward operation computes `x > 0 ? g : slope * g`; with `g = x`
    // this is the function, in one pass, and its gradient is that of the function.
    xs.detach().leaky_relu_backward(xs, SLOPE, false)
}
