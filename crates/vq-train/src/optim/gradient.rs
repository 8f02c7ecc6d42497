//! The gradient of a step.

use tch::Tensor;

/// A gradient by all parameters of an optimizer, flat, and its norm.
#[derive(Debug)]
pub struct Gradient {
    /// `[P]`.
    flat: Tensor,
}

impl Gradient {
    pub(super) fn new(flat: Tensor) -> Self {
        Self { flat }
    }

    /// Adds the gradient of another micro-batch, by the same parameters.
    pub fn accumulate(&mut self, other: &Self) {
        let _ = self.flat.g_add_(&other.flat);
    }

    /// Scalar, on the device: the Euclidean norm over all parameters, before clipping; not finite if an element is not.
    pub fn norm(&self) -> Tensor {
        self.flat.norm()
    }

    pub(super) fn into_flat(self) -> Tensor {
        self.flat
    }
}
