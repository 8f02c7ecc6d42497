//! Where codes come from.

use tch::{Kind, Tensor, nn};

use crate::revival::{Revival, RevivalConfig};
use crate::scatter::scatter_counts;
use crate::{CoreError, Distance};

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
    /// The distance that chose the codes; where it is by cosine, the vectors are of length one.
    pub distance: Distance,
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
    /// The vectors are as `distance` sees them.
    ///
    /// # Errors
    /// [`CoreError`] if the vectors do not fit.
    fn initialize(&mut self, _vectors: &Tensor, _distance: Distance) -> Result<(), CoreError> {
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
/// Buffers, with revival, under `revival`: `usage`, `[K]`; for a reservoir of `R` vectors `reservoir`, `[R, D]`, and
/// `reservoir_taken`, `[1]`.
#[derive(Debug)]
pub struct LearnedCodebook {
    weight: Tensor,
    revival: Option<Revival>,
}

impl LearnedCodebook {
    /// Registers the codes under `path`.
    ///
    /// # Errors
    /// [`CoreError::Option`] if `size` or `width` is not positive.
    pub fn new(path: &nn::Path, size: i64, width: i64) -> Result<Self, CoreError> {
        check_shape("LearnedCodebook::new", size, width)?;
        let bound = 1.0 / size as f64;
        Ok(Self { weight: path.uniform("weight", &[size, width], -bound, bound), revival: None })
    }

    /// Registers the codes under `path`, and gives those that are hardly used a new place at each update.
    ///
    /// What an optimizer remembers of a code (Adam's moments) stays when the code moves.
    ///
    /// # Errors
    /// [`CoreError::Option`] if `size` or `width` is not positive or an option makes no sense.
    pub fn with_revival(path: &nn::Path, size: i64, width: i64, config: RevivalConfig) -> Result<Self, CoreError> {
        let codebook = Self::new(path, size, width)?;
        let revival = Revival::new("LearnedCodebook::with_revival", &(path / "revival"), size, width, config)?;
        Ok(Self { revival: Some(revival), ..codebook })
    }

    /// Registers codes initialized from the standard normal distribution, for quantizers that score codes by dot
    /// products: codes near zero would all score alike.
    ///
    /// # Errors
    /// [`CoreError::Option`] if `size` or `width` is not positive.
    pub fn normal(path: &nn::Path, size: i64, width: i64) -> Result<Self, CoreError> {
        check_shape("LearnedCodebook::normal", size, width)?;
        Ok(Self { weight: path.randn_standard("weight", &[size, width]), revival: None })
    }
}

impl Codebook for LearnedCodebook {
    fn shape(&self) -> CodebookShape {
        shape_of(&self.weight)
    }

    fn vectors(&self, _mode: Mode) -> Tensor {
        self.weight.shallow_clone()
    }

    fn update(&mut self, assignment: &Assignment) -> Result<Updated, CoreError> {
        const OP: &str = "LearnedCodebook::update";
        check_assignment(OP, self.shape(), assignment)?;
        let Some(revival) = &mut self.revival else { return Ok(Updated::default()) };
        let counts = scatter_counts(OP, &assignment.ids, self.weight.size()[0])?;
        let Some(revived) = revival.step(&counts, &assignment.vectors) else { return Ok(Updated::default()) };
        tch::no_grad(|| {
            let _ = self.weight.index_copy_(0, &revived.ids, &revived.vectors.to_kind(self.weight.kind()));
        });
        Ok(Updated { revived: revived.ids.size()[0] })
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

/// Checks vectors `[N, D]` for codes of a shape.
pub(crate) fn check_vectors(op: &'static str, shape: CodebookShape, vectors: &Tensor) -> Result<(), CoreError> {
    if !matches!(vectors.size()[..], [_, width] if width == shape.width) {
        let expected = format!("[N, {}]", shape.width);
        return Err(CoreError::Shape { op, expected, got: vectors.size() });
    }
    if !vectors.is_floating_point() {
        let got = format!("{:?} for vectors", vectors.kind());
        return Err(CoreError::Kind { op, expected: "Float, Double, Half or BFloat16", got });
    }
    Ok(())
}

/// Checks vectors `[N, D]` and ids `[N]`; that each id has a code is seen when they are counted.
pub(crate) fn check_assignment(
    op: &'static str,
    shape: CodebookShape,
    assignment: &Assignment,
) -> Result<(), CoreError> {
    let Assignment { vectors, ids, .. } = assignment;
    check_vectors(op, shape, vectors)?;
    if ids.size() != vectors.size()[..1] {
        let expected = format!("ids [{}]", vectors.size()[0]);
        return Err(CoreError::Shape { op, expected, got: ids.size() });
    }
    if ids.kind() != Kind::Int64 {
        return Err(CoreError::Kind { op, expected: "Int64", got: format!("{:?} for ids", ids.kind()) });
    }
    Ok(())
}

/// The shape of codes `[K, D]`.
pub(crate) fn shape_of(matrix: &Tensor) -> CodebookShape {
    let size = matrix.size();
    CodebookShape { size: size[0], width: size[1] }
}
