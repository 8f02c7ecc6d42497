//! Where codes come from.

use tch::{Tensor, nn};

use crate::CoreError;

/// Whether a forward pass trains or evaluates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Dropout and sampling are on, gradients are wanted.
    Train,
    /// Nothing is left to chance.
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

/// Vectors and the codes that they were replaced by, for [`Codebook::update`].
#[derive(Debug)]
pub struct Assignment {
    /// `[N, D]`, off the autograd graph.
    pub vectors: Tensor,
    /// `[N]`, `Int64`, each in `0..K`.
    pub ids: Tensor,
}

/// What an update did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Updated {
    /// Dead codes that were given a new place.
    pub revived: i64,
}

/// A matrix of codes that may depend on parameters.
pub trait Codebook: std::fmt::Debug + Send {
    /// Number and width of the codes.
    fn shape(&self) -> CodebookShape;

    /// The codes, `[K, D]`, on the autograd graph, computed anew at each call.
    fn vectors(&self, mode: Mode) -> Tensor;

    /// Whether a gradient trains the codes; if not, the loss has no term that would pull them.
    fn learns_by_gradient(&self) -> bool {
        true
    }

    /// Places the codes among vectors `[N, D]` before the first step, where a codebook wants that; once.
    ///
    /// # Errors
    /// [`CoreError`] if the vectors do not fit.
    fn initialize(&mut self, _vectors: &Tensor) -> Result<(), CoreError> {
        Ok(())
    }

    /// Learns from a step's assignments, beside the gradient: moving averages, revival of dead codes.
    ///
    /// # Errors
    /// [`CoreError`] if the assignment does not fit.
    fn update(&mut self, _assignment: &Assignment) -> Result<Updated, CoreError> {
        Ok(Updated::default())
    }
}

/// Codes learned from scratch, as in VQ-VAE (arXiv 1711.00937) and VQGAN.
///
/// Parameter: `weight`, `[K, D]`, initialized uniformly in `±1/K` by [`LearnedCodebook::new`].
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
        check_shape("LearnedCodebook::new", size, width)?;
        let bound = 1.0 / size as f64;
        Ok(Self { weight: path.uniform("weight", &[size, width], -bound, bound) })
    }

    /// Registers codes initialized from the standard normal distribution, for quantizers that score codes by dot
    /// products: codes near zero would all score alike.
    ///
    /// # Errors
    /// [`CoreError::Option`] if `size` or `width` is not positive.
    pub fn normal(path: &nn::Path, size: i64, width: i64) -> Result<Self, CoreError> {
        check_shape("LearnedCodebook::normal", size, width)?;
        Ok(Self { weight: path.randn_standard("weight", &[size, width]) })
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
    /// Takes codes `[K, D]` of a floating kind.
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

/// Checks the number and width of codes.
pub(crate) fn check_shape(op: &'static str, size: i64, width: i64) -> Result<(), CoreError> {
    if size >= 1 && width >= 1 {
        return Ok(());
    }
    let expected = "a positive number of codes and a positive width".into();
    Err(CoreError::Option { op, expected, got: format!("{size} codes of width {width}") })
}

/// The shape of codes `[K, D]`.
pub(crate) fn shape_of(matrix: &Tensor) -> CodebookShape {
    let size = matrix.size();
    CodebookShape { size: size[0], width: size[1] }
}
