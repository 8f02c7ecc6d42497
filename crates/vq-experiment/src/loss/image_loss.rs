//! The trait of image loss terms.

use std::fmt::Debug;

use tch::Tensor;

use crate::ConfigError;

/// A term of the reconstruction loss.
pub trait ImageLoss: Debug {
    /// The name under which the term is logged.
    fn name(&self) -> &'static str;

    /// Whether the term is logged by itself; if not, only as a part of the reconstruction loss.
    fn is_logged(&self) -> bool {
        true
    }

    /// The smallest height and width of an image that the term can measure.
    fn smallest(&self) -> i64 {
        1
    }

    /// The term between reconstructions and originals, both `[B, 3, H, W]`, `Float`: a scalar on the autograd graph,
    /// before its weight.
    ///
    /// # Errors
    /// [`ConfigError`] if the images are too small.
    fn compute(&self, reconstructions: &Tensor, originals: &Tensor) -> Result<Tensor, ConfigError>;
}
