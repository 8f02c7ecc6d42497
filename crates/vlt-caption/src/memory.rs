//! The encoded codes of images.

use tch::Tensor;

/// The positions of images, encoded by a [`CaptionDecoder`](crate::CaptionDecoder) for its cross-attention.
#[derive(Debug)]
pub struct Memory {
    /// `[B, P, M]`, with gradients to the codes.
    pub states: Tensor,
}
