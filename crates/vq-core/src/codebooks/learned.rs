//! Codebook trained by gradients.

use tch::{Tensor, nn};

use super::check::{check_assignment, check_shape, shape_of};
use super::revival::{Revival, RevivalConfig};
use super::scatter::scatter_counts;
use crate::contract::{Assignment, Codebook, CodebookShape, Mode, UpdateStats};
use crate::error::CoreError;

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
    /// [`CoreError::Option`] if `size` or `dim` is not positive.
    pub fn new(path: &nn::Path, size: i64, dim: i64) -> Result<Self, CoreError> {
        check_shape("LearnedCodebook::new", size, dim)?;
        let bound = 1.0 / size as f64;
        Ok(Self { weight: path.uniform("weight", &[size, dim], -bound, bound), revival: None })
    }

    /// Registers the codes under `path`; each update replaces codes that are hardly used.
    ///
    /// The optimizer's state of a replaced code (Adam's moments) is kept.
    ///
    /// # Errors
    /// [`CoreError::Option`] if `size` or `dim` is not positive or an option is invalid.
    pub fn with_revival(path: &nn::Path, size: i64, dim: i64, config: RevivalConfig) -> Result<Self, CoreError> {
        let codebook = Self::new(path, size, dim)?;
        let revival = Revival::new("LearnedCodebook::with_revival", &(path / "revival"), size, dim, config)?;
        Ok(Self { revival: Some(revival), ..codebook })
    }

    /// Registers codes drawn from the standard normal distribution. Quantizers that score codes by dot products need
    /// this: codes near zero would all have about the same score.
    ///
    /// # Errors
    /// [`CoreError::Option`] if `size` or `dim` is not positive.
    pub fn normal(path: &nn::Path, size: i64, dim: i64) -> Result<Self, CoreError> {
        check_shape("LearnedCodebook::normal", size, dim)?;
        Ok(Self { weight: path.randn_standard("weight", &[size, dim]), revival: None })
    }
}

impl Codebook for LearnedCodebook {
    fn shape(&self) -> CodebookShape {
        shape_of(&self.weight)
    }

    fn vectors(&self, _mode: Mode) -> Tensor {
        self.weight.shallow_clone()
    }

    fn update(&mut self, assignment: &Assignment) -> Result<UpdateStats, CoreError> {
        const OP: &str = "LearnedCodebook::update";
        check_assignment(OP, self.shape(), assignment)?;
        let Some(revival) = &mut self.revival else { return Ok(UpdateStats::default()) };
        let counts = scatter_counts(OP, &assignment.ids, self.weight.size()[0])?;
        let Some(revived) = revival.step(&counts, &assignment.vectors) else { return Ok(UpdateStats::default()) };
        tch::no_grad(|| {
            let _ = self.weight.index_copy_(0, &revived.ids, &revived.vectors.to_kind(self.weight.kind()));
        });
        Ok(UpdateStats { revived: revived.ids.size()[0] })
    }
}
