//! Frozen codes behind a learned linear layer.

use tch::{Tensor, nn, nn::Module};

use crate::CodebookShape;

/// `E = F W' + b`: frozen codes `F`, `[K, F]`, and a linear layer that is learned. Whatever gradient reaches one code
/// moves all of them.
///
/// Buffer: `frozen`, `[K, F]`. Parameters: `projection.weight`, `[D, F]`, and with a bias `projection.bias`, `[D]`.
#[derive(Debug)]
pub(crate) struct Projection {
    frozen: Tensor,
    linear: nn::Linear,
    width: i64,
}

impl Projection {
    /// Registers a copy of `frozen` and the layer to codes of `width`.
    pub(crate) fn new(path: &nn::Path, frozen: &Tensor, width: i64, config: nn::LinearConfig) -> Self {
        let own = frozen.detach().to_device(path.device()).to_kind(path.kind()).copy();
        let frozen = path.add("frozen", own, false);
        let linear = nn::linear(path / "projection", frozen.size()[1], width, config);
        Self { frozen, linear, width }
    }

    pub(crate) fn shape(&self) -> CodebookShape {
        CodebookShape { size: self.frozen.size()[0], width: self.width }
    }

    /// `[K, D]`.
    pub(crate) fn vectors(&self) -> Tensor {
        self.linear.forward(&self.frozen)
    }
}

/// PyTorch's default for a linear layer with `inputs` inputs: uniform in `±1/sqrt(inputs)`.
pub(crate) fn uniform_by_inputs(inputs: i64) -> nn::Init {
    let bound = 1.0 / (inputs as f64).sqrt();
    nn::Init::Uniform { lo: -bound, up: bound }
}
