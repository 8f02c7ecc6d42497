//! Given codes, frozen, behind a learned projection.

use tch::{Tensor, nn};

use crate::codebook::check_shape;
use crate::finite::check_finite;
use crate::projection::{Projection, uniform_by_inputs};
use crate::{Codebook, CodebookShape, CoreError, Mode};

/// Frozen codes, such as features of a pretrained model, and a linear layer that is learned: the codebook of VQGAN-LC
/// (arXiv 2406.11837, section 3).
///
/// As in the published code, the layer has a bias; its weight starts with standard deviation `1/sqrt(D)` and its bias
/// uniformly in `±1/sqrt(F)`.
/// The published loss weighs the codebook term 0.33 and the commitment term 1: that is
/// [`BetaPlacement::Legacy`](crate::BetaPlacement::Legacy) with a beta of 0.33.
///
/// Buffer: `frozen`, `[K, F]`. Parameters: `projection.weight`, `[D, F]`; `projection.bias`, `[D]`.
#[derive(Debug)]
pub struct ProjectedCodebook(Projection);

impl ProjectedCodebook {
    /// Registers a copy of the codes `frozen`, `[K, F]`, and a layer to codes of `width`, D, under `path`.
    ///
    /// # Errors
    /// [`CoreError::Shape`] if `frozen` is not a matrix; [`CoreError::Option`] if it is empty or `width` not positive;
    /// [`CoreError::Kind`] and [`CoreError::NotFinite`] if its elements are no finite floating-point numbers.
    pub fn new(path: &nn::Path, frozen: &Tensor, width: i64) -> Result<Self, CoreError> {
        const OP: &str = "ProjectedCodebook::new";
        let &[size, inputs] = &frozen.size()[..] else {
            return Err(CoreError::Shape { op: OP, expected: "[K, F]".into(), got: frozen.size() });
        };
        check_shape(OP, size, inputs)?;
        check_shape(OP, size, width)?;
        check_finite(OP, "frozen codes", frozen)?;
        let config = nn::LinearConfig {
            ws_init: nn::Init::Randn { mean: 0.0, stdev: (width as f64).sqrt().recip() },
            bs_init: Some(uniform_by_inputs(inputs)),
            bias: true,
        };
        Ok(Self(Projection::new(path, frozen, width, config)))
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
