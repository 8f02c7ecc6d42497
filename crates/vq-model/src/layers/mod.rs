//! Layers that several networks use.
//!
//! Each layer computes in the dtype of its input and returns the same dtype; parameters are `Float`.

mod convolution;
mod norm;
mod residual;

pub(crate) use convolution::{Conv, ConvShape, conv1, conv3};
pub(crate) use norm::{GroupNorm, NORM_GROUPS};
pub(crate) use residual::ResidualBlock;
