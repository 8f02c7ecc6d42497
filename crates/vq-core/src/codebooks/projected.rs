//! Frozen codes behind a learned projection, as in VQGAN-LC.

use tch::{Tensor, nn};

use super::check::check_shape;
use super::projection::{Projection, uniform_by_inputs};
use crate::check::check_finite;
use crate::contract::{Codebook, CodebookShape, Mode};
use crate::error::CoreError;

/// Frozen codes, such as features of a pretrained model, and a learned linear layer: the codebook of VQGAN-LC
/// (arXiv 2406.11837, section 3).
///
/// As in the published code, the layer has a bias; its weight is initialized with standard deviation `1/sqrt(D)` and
/// its bias uniformly in `±1/sqrt(F)`.
/// The published loss has weight 0.33 on the codebook term and 1 on the commitment term: that is
/// [`BetaPlacement::Legacy`](crate::BetaPlacement::Legacy) with `beta = 0.33`.
///
/// Buffer: `frozen`, `[K, F]`. Parameters: `projection.weight`, `[D, F]`; `projection.bias`, `[D]`.
#[derive(Debug)]
pub struct ProjectedCodebook(Projection);

impl ProjectedCodebook {
    /// Registers a copy of the codes `frozen`, `[K, F]`, and a layer from `F` to `D = dim` under `path`.
    ///
    /// # Errors
    /// [`CoreError::Shape`] if `frozen` is not a matrix; [`CoreError::Option`] if it is empty or `dim` is not positive;
    /// [`CoreError::Dtype`] and [`CoreError::NotFinite`] if its elements are not finite floating-point numbers.
    pub fn new(path: &nn::Path, frozen: &Tensor, dim: i64) -> Result<Self, CoreError> {
        const OP: &str = "ProjectedCodebook::new";
        let &[size, inputs] = &frozen.size()[..] else {
            return Err(CoreError::Shape { op: OP, expected: "[K, F]".into(), got: frozen.size() });
        };
        check_shape(OP, size, inputs)?;
        check_shape(OP, size, dim)?;
        check_finite(OP, "frozen codes", frozen)?;
        let config = nn::LinearConfig {
            ws_init: nn::Init::Randn { mean: 0.0, stdev: (dim as f64).sqrt().recip() },
            bs_init: Some(uniform_by_inputs(inputs)),
            bias: true,
        };
        Ok(Self(Projection::new(path, frozen, dim, config)))
    }
}

impl Codebook for ProjectedCodebook {
    fn shape(&self) -> CodebookShape {
        self.0.shape()
    }

    fn vectors(&self, _mode: Mode) -> Tensor {
        self.0.vectors()
    }
}
