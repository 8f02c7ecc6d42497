//! The dtype of convolutions and attention.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

/// Dtype of the activations. Weights, gradients and the statistics of normalizations are always `Float`.
///
/// A layer computes in the dtype of its input: in each forward pass, it casts its weight to that dtype on the autograd
/// graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// `Float` activations.
    #[default]
    F32,
    /// `BFloat16` activations: the exponent range of `Float` and 8 significant bits, so the loss needs no scaling.
    Bf16,
}

impl Precision {
    /// Dtype of the activations.
    pub fn kind(self) -> Kind {
        match self {
            Self::F32 => Kind::Float,
            Self::Bf16 => Kind::BFloat16,
        }
    }

    /// The tensor cast to this dtype, with gradients; not copied if it has it.
    pub fn cast(self, tensor: &Tensor) -> Tensor {
        tensor.to_kind(self.kind())
    }
}
