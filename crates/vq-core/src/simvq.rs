//! Random codes, frozen, behind a learned linear layer.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor, nn};

use crate::codebook::check_shape;
use crate::projection::{Projection, uniform_by_inputs};
use crate::{Codebook, CodebookShape, CoreError, Mode};

/// Options of a [`SimVqCodebook`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SimVqConfig {
    /// Adds a bias to the layer. The paper's `C W` has none; the published code has one.
    pub bias: bool,
}

/// Frozen random codes `C` and one linear layer `W` that is learned: the codes are `C W` (SimVQ, arXiv 2411.02038).
///
/// As in the published code, frozen codes are normal with standard deviation `1/sqrt(D)`, and the layer starts as
/// PyTorch's do, uniformly in `±1/sqrt(D)`.
///
/// Buffer: `frozen`, `[K, D]`. Parameters: `projection.weight`, `[D, D]`; with a bias `projection.bias`, `[D]`.
#[derive(Debug)]
pub struct SimVqCodebook(Projection);

impl SimVqCodebook {
    /// Draws the frozen codes and registers them and the layer under `path`.
    ///
    /// # Errors
    /// [`CoreError::Option`] if `size` or `width` is not positive.
    pub fn new(path: &nn::Path, size: i64, width: i64, config: SimVqConfig) -> Result<Self, CoreError> {
        check_shape("SimVqCodebook::new", size, width)?;
        let frozen = Tensor::randn([size, width], (Kind::Float, path.device())) / (width as f64).sqrt();
        let config = nn::LinearConfig {
            ws_init: uniform_by_inputs(width),
            bs_init: Some(uniform_by_inputs(width)),
            bias: config.bias,
        };
        Ok(Self(Projection::new(path, &frozen, width, config)))
    }
}

impl Codebook for SimVqCodebook {
    fn shape(&self) -> CodebookShape {
        self.0.shape()
    }

    fn vectors(&self, _mode: Mode) -> Tensor {
        self.0.vectors()
    }
}
