//! The feed-forward part of a block.

use tch::{Kind, Tensor, nn};

use crate::linear::Linear;

/// Two linear layers with GELU between them.
///
/// Parameters: `up.{weight, bias}`, `down.{weight, bias}`.
#[derive(Debug)]
pub struct Mlp {
    up: Linear,
    down: Linear,
}

impl Mlp {
    /// Registers an MLP whose second layer is initialised with standard deviation `down_std`.
    pub fn new(path: &nn::Path, width: i64, hidden: i64, down_std: f64) -> Self {
        let up = Linear::new(&(path / "up"), width, hidden);
        Self { up, down: Linear::with_std(&(path / "down"), hidden, width, down_std) }
    }

    /// `[.., M]` to the same shape.
    pub fn forward(&self, xs: &Tensor) -> Tensor {
        self.down.forward(&self.up.forward(xs).gelu("none"))
    }

    /// A copy for inference; see [`Linear::packed`].
    pub fn packed(&self, kind: Kind) -> Self {
        Self { up: self.up.packed(kind), down: self.down.packed(kind) }
    }
}
