//! The kind of number in which convolutions and attention compute.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

/// Kind of the activations; weights are `Float` in either case, and so are their gradients.
///
/// A layer computes in the kind of its input: it casts its weight to that kind on the autograd graph, once per forward
/// pass, and each layer of encoder and decoder runs once per pass.
/// Statistics of the normalizations are `Float` in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32 bits everywhere.
    #[default]
    F32,
    /// `BFloat16` activations: 8 bits of exponent as in `Float`, 8 significant bits, no scaling of the loss needed.
    Bf16,
}

impl Precision {
    /// Kind of the activations.
    pub fn kind(self) -> Kind {
        match self {
            Self::F32 => Kind::Float,
            Self::Bf16 => Kind::BFloat16,
        }
    }

    /// The tensor in this precision, on the autograd graph; the tensor itself if it has that kind.
    pub fn cast(self, tensor: &Tensor) -> Tensor {
        tensor.to_kind(self.kind())
    }
}
