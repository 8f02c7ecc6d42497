//! The adversarial terms of a step. Reading a number waits for its device.

use tch::Tensor;
use vq_experiment::Losses;

/// The generator's adversarial term; scalars, `Float`.
#[derive(Debug)]
pub struct GeneratorTerm {
    /// The given `nll`, with its value and gradient, but without its graph behind the images. Minimizing it instead
    /// passes through LPIPS once and not twice.
    pub nll: Tensor,
    /// The term: `factor * adaptive_weight * gan`, on the autograd graph.
    pub loss: Tensor,
    /// The GAN loss before any weight, detached.
    pub gan: Tensor,
    /// The weight, including the configured one, detached.
    pub adaptive_weight: Tensor,
    /// The factor of the ramp, in `0..=1`.
    pub factor: f64,
}

impl GeneratorTerm {
    /// The loss of the generator's step, on the autograd graph: `nll + loss` and the weighted codebook loss.
    /// [`GeneratorTerm::nll`] replaces the reconstruction loss of `losses` with the graph behind it.
    pub fn total(&self, losses: &Losses) -> Tensor {
        &self.nll + &self.loss + &losses.codebook * losses.codebook_weight
    }
}

/// The discriminator's loss; scalars, `Float`.
#[derive(Debug)]
pub struct DiscriminatorTerm {
    /// The sum of the GAN loss and the penalties, on the autograd graph.
    pub loss: Tensor,
    /// Mean logit of the real images, detached.
    pub logits_real: Tensor,
    /// Mean logit of the reconstructions, detached.
    pub logits_fake: Tensor,
    /// The weighted R1 penalty where it is due, detached.
    pub r1: Option<Tensor>,
    /// The weighted LeCAM term once it has begun, detached.
    pub lecam: Option<Tensor>,
}
