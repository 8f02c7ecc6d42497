//! Codebook without learning, for inference.

use tch::Tensor;

use super::check::shape_of;
use crate::contract::{Codebook, CodebookShape, Mode};
use crate::error::CoreError;

/// Constant codes. They are detached from the graph, so gradients change nothing; compute them once, for inference.
#[derive(Debug)]
pub struct FixedCodebook {
    vectors: Tensor,
}

impl FixedCodebook {
    /// Takes codes `[K, D]` of a floating-point dtype.
    ///
    /// # Errors
    /// [`CoreError::Shape`] if the tensor is not a matrix with at least one code.
    pub fn new(vectors: &Tensor) -> Result<Self, CoreError> {
        match vectors.size()[..] {
            [size, dim] if size > 0 && dim > 0 => Ok(Self { vectors: vectors.detach() }),
            _ => Err(CoreError::Shape {
                op: "FixedCodebook::new",
                expected: "[K, D] with K, D >= 1".into(),
                got: vectors.size(),
            }),
        }
    }

    /// A copy of another codebook's current codes, computed in [`Mode::Eval`].
    pub fn freeze(codebook: &dyn Codebook) -> Self {
        Self { vectors: tch::no_grad(|| codebook.vectors(Mode::Eval)).detach().copy() }
    }
}

impl Codebook for FixedCodebook {
    fn shape(&self) -> CodebookShape {
        shape_of(&self.vectors)
    }

    fn vectors(&self, _mode: Mode) -> Tensor {
        self.vectors.shallow_clone()
    }
}
