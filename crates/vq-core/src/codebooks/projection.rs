//! Frozen codes behind a learned linear layer.

use tch::{Tensor, nn, nn::Module};

use crate::contract::CodebookShape;

/// `E = F W' + b` with frozen codes `F`, `[K, F]`, and a learned linear layer. The gradient of one code moves all
/// codes.
///
/// Buffer: `frozen`, `[K, F]`. Parameters: `projection.weight`, `[D, F]`, and with a bias `projection.bias`, `[D]`.
#[derive(Debug)]
pub(super) struct Projection {
    frozen: Tensor,
    linear: nn::Linear,
    dim: i64,
}

impl Projection {
    /// Registers a copy of `frozen` and a layer to codes of dimension `dim`.
    pub(super) fn new(path: &nn::Path, frozen: &Tensor, dim: i64, config: nn::LinearConfig) -> Self {
        let own = frozen.detach().to_device(path.device()).to_kind(path.kind()).copy();
        let frozen = path.add("frozen", own, false);
        let linear = nn::linear(path / "projection", frozen.size()[1], dim, config);
        Self { frozen, linear, dim }
    }

    pub(super) fn shape(&self) -> CodebookShape {
        CodebookShape { size: self.frozen.size()[0], dim: self.dim }
    }

    /// `[K, D]`.
    pub(super) fn vectors(&self) -> Tensor {
        self.linear.forward(&self.frozen)
    }
}

/// PyTorch's default initialization of a linear layer with `inputs` inputs: uniform in `±1/sqrt(inputs)`.
pub(super) fn uniform_by_inputs(inputs: i64) -> nn::Init {
    let bound = 1.0 / (inputs as f64).sqrt();
    nn::Init::Uniform { lo: -bound, up: bound }
}
