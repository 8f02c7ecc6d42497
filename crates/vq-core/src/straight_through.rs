//! The gradient that jumps over the quantizer.

use tch::Tensor;

/// The value of `codes`, bit for bit, with the gradient of `latents` (straight-through estimator; VQ-VAE, section 3.2).
///
/// Both have one shape.
/// The usual `z + (e - z).detach()` differs from `e` by rounding, so that decoding the ids would not give the same
/// image; `e + (z - z.detach())` adds an exact zero.
pub fn straight_through(latents: &Tensor, codes: &Tensor) -> Tensor {
    codes.detach() + (latents - latents.detach())
}
