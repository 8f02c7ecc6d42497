//! The interface of a discriminator.

use tch::Tensor;
use vq_core::Mode;

use crate::ModelError;

/// A network that gives each patch of an image a logit: high for real images.
pub trait Discriminator: std::fmt::Debug + Send {
    /// Images `[B, 3, H, W]`, `Float`, to logits `[B, 1, h, w]`, `Float`, with gradients.
    ///
    /// In [`Mode::Train`], the pass also updates buffers, as both methods require: the running statistics of batch
    /// normalization, or the vectors of the power iteration.
    /// In [`Mode::Eval`], it changes nothing.
    ///
    /// # Errors
    /// [`ModelError::Shape`] if there is no image, an image does not have 3 channels, or a side is too small for one
    /// patch.
    fn forward(&self, images: &Tensor, mode: Mode) -> Result<Tensor, ModelError>;
}
