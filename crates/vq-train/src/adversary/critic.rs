//! What judges images.

use tch::{Tensor, nn};
use vq_model::ModelError;

/// A discriminator: images `[B, 3, H, W]` in `[-1, 1]` to logits `[B, ..]`, high for real ones.
///
/// Several logits for an image (PatchGAN) are averaged.
/// It is always asked as in training: batch normalization goes by the batch.
/// For R1 its operations must have second derivatives.
pub trait Critic: std::fmt::Debug {
    /// The logits, on the autograd graph.
    ///
    /// # Errors
    /// [`ModelError::Shape`] if the images do not fit.
    fn logits(&self, images: &Tensor) -> Result<Tensor, ModelError>;
}

/// No gradient for the parameters of a store, as long as this lives.
///
/// A pass recorded meanwhile reaches what goes in and not the parameters, and computes nothing for them.
pub(super) struct Frozen {
    parameters: Vec<Tensor>,
}

impl Frozen {
    pub(super) fn parameters_of(store: &nn::VarStore) -> Self {
        let parameters = store.trainable_variables().into_iter().filter(Tensor::requires_grad);
        Self { parameters: parameters.map(|parameter| parameter.set_requires_grad(false)).collect() }
    }
}

/// Also after an error: else the discriminator would never learn again.
impl Drop for Frozen {
    fn drop(&mut self) {
        for parameter in &self.parameters {
            let _ = parameter.set_requires_grad(true);
        }
    }
}
