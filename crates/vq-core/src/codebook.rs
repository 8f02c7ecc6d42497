//! Where codes come from.

use tch::{Tensor, nn};

use crate::CoreError;

/// Whether a forward pass trains or evaluates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Dropout is on, gradients are wanted.
    Train,
    /// Dropout is off.
    Eval,
}

/// Number and width of the codes of a codebook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodebookShape {
    /// `K`, the number of codes.
    pub size: i64,
    /// `D`, the width of a code.
    pub width: i64,
}

/// A matrix of codes that may depend on parameters.
pub trait Codebook: std::fmt::Debug + Send {
    /// Number and width of the codes.
    fn shape(&self) -> CodebookShape;

    /// The codes, `[K, D]`, on the autograd graph, computed anew at each call.
    fn vectors(&self, mode: Mode) -> Tensor;
}

/// Codes learned from scratch, as in VQ-VAE (arXiv 1711.00937) and VQGAN.
///
/// Parameter: `weight`, `[K, D]`, initialized uniformly in `±1/K`.
#[derive(Debug)]
pub struct LearnedCodebook {
    weight: Tensor,
}

impl LearnedCodebook {
    /// Registers the codes under `path`.
    ///
    /// # Errors
    /// [`CoreError::Option`] if `size` or `width` is not positive.
    pub fn new(path: &nn::Path, size: i64, width: i64) -> Result<Self, CoreError> {
        if size < 1 || width < 1 {
            return Err(CoreError::Option {
                op: "LearnedCodebook::new",
                expected: "a positive number of codes and a positive width".into(),
                got: format!("{size} codes of width {width}"),
            });
        }
        let bound = 1.0 / size as f64;
        Ok(Self { weight: path.uniform("weight", &[size, width], -bound, bound) })
    }
}

impl Codebook for LearnedCodebook {
    fn shape(&self) -> CodebookShape {
        shape_of(&self.weight)
    }

    fn vectors(&self, _mode: Mode) -> Tensor {
        self.weight.shallow_clone()
    }
}

/// Codes that no gradient reaches: computed once, for inference.
#[derive(Debug)]
pub struct FixedCodebook {
    vectors: Tensor,
}

impl FixedCodebook {
    /// Takes codes `[K, D]` of kind `Float`.
    ///
    /// # Errors
    /// [`CoreError::Shape`] if the tensor is not a matrix with at least one code.
    pub fn new(vectors: &Tensor) -> Result<Self, CoreError> {
        match vectors.size()[..] {
            [size, width] if size > 0 && width > 0 => Ok(Self { vectors: vectors.detach() }),
            _ => Err(CoreError::Shape {
                op: "FixedCodebook::new",
                expected: "[K, D] with K, D >= 1".into(),
                got: vectors.size(),
            }),
        }
    }

    /// The codes of another codebook as they are now, in [`Mode::Eval`].
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

fn shape_of(matrix: &Tensor) -> CodebookShape {
    let size = matrix.size();
    CodebookShape { size: size[0], width: size[1] }
}
