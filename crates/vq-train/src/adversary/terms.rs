//! What the adversary adds to a step; reading a number waits for its device.

use tch::Tensor;

/// The discriminator's word in the generator's step; scalars, `Float`.
#[derive(Debug)]
pub struct GeneratorTerm {
    /// The `nll` that was given, with its value and gradient, but without its graph behind the images: minimized in its
    /// place, it goes through LPIPS once instead of twice.
    pub nll: Tensor,
    /// What is added to the rest: `factor * adaptive_weight * gan`, on the autograd graph.
    pub loss: Tensor,
    /// The game's own loss before any weight, detached.
    pub gan: Tensor,
    /// The weight, with the configured one in it, detached.
    pub adaptive_weight: Tensor,
    /// The share of the ramp, in `0..=1`.
    pub factor: f64,
}

/// What the discriminator minimizes; scalars, `Float`.
#[derive(Debug)]
pub struct DiscriminatorTerm {
    /// The sum of the game's loss and the penalties, on the autograd graph.
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
