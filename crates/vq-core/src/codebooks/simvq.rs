//! Frozen random codes behind a learned linear layer, as in SimVQ.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor, nn};

use super::check::check_shape;
use super::projection::{Projection, uniform_by_inputs};
use crate::contract::{Codebook, CodebookShape, Mode};
use crate::error::CoreError;

/// Options of a [`SimVqCodebook`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SimVqConfig {
    /// Adds a bias to the layer. The paper's `C W` has none; the published code has one.
    pub bias: bool,
}

/// Frozen random codes `C` and a learned linear layer `W`: the codes are `C W` (SimVQ, arXiv 2411.02038).
///
/// As in the published code, the frozen codes are normal with standard deviation `1/sqrt(D)`, and the layer has
/// PyTorch's default initialization, uniform in `±1/sqrt(D)`.
///
/// Buffer: `frozen`, `[K, D]`. Parameters: `projection.weight`, `[D, D]`; with a bias `projection.bias`, `[D]`.
#[derive(Debug)]
pub struct SimVqCodebook(Projection);

impl SimVqCodebook {
    /// Draws the frozen codes and registers them and the layer under `path`.
    ///
    /// # Errors
    /// [`CoreError::Option`] if `size` or `dim` is not positive.
    pub fn new(path: &nn::Path, size: i64, dim: i64, config: SimVqConfig) -> Result<Self, CoreError> {
        check_shape("SimVqCodebook::new", size, dim)?;
        let frozen = Tensor::randn([size, dim], (Kind::Float, path.device())) / (dim as f64).sqrt();
        let config = nn::LinearConfig {
            ws_init: uniform_by_inputs(dim),
            bs_init: Some(uniform_by_inputs(dim)),
            bias: config.bias,
        };
        Ok(Self(Projection::new(path, &frozen, dim, config)))
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
