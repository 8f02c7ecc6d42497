//! The Fréchet distance between two sets of features.

use std::fmt;

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::features::check_merge;
use super::moments::{Moments, Normal};
use super::side::Side;
use crate::EvalError;

/// Fréchet distance between the normal distributions fitted to features of images and of references (Dowson and Landau
/// 1982; Heusel et al. 2017, arXiv 1706.08500, equation 6): `|m - m'|^2 + tr(S + S' - 2 (S S')^(1/2))`.
///
/// It is FID only for the features that define FID: the 2048 of the TF-ported Inception-v3.
/// Features are streamed: the accumulator holds their mean and scatter, in `Double`.
/// Covariances are unbiased, as NumPy's `cov`.
///
/// # How it is computed
/// The trace of `(S S')^(1/2)` is the sum of the square roots of the eigenvalues of the symmetric `S^(1/2) S' S^(1/2)`.
/// These square roots are the singular values of `A^T A'` for factors `S = A A^T`, `S' = A' A'^T`.
/// The code computes the singular values, because the square root of an eigenvalue that is zero up to rounding is not
/// zero up to rounding.
/// Factors come from eigenvectors; eigenvalues below rounding are left out, and the others make up the rank.
///
/// # Few samples
/// A covariance of fewer samples than dimensions is rank-deficient.
/// The distance is then defined but far from that of more samples; [`FrechetScores::rank_deficient`] reports this.
///
/// Letters: `N` features, `D` dimensions.
#[derive(Debug, Default)]
pub struct FrechetDistance {
    images: Moments,
    references: Moments,
}

/// Result of [`FrechetDistance::compute`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrechetScores {
    /// The distance, 0 or more.
    pub distance: f64,
    /// The contribution of the means, `|m - m'|^2`; the rest comes from the covariances.
    pub means: f64,
    /// Whether a covariance is rank-deficient: such figures are not comparable with others.
    pub rank_deficient: bool,
    /// The covariance of the images' features.
    pub images: CovarianceRank,
    /// The covariance of the references' features.
    pub references: CovarianceRank,
}

/// The samples of a covariance and its rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CovarianceRank {
    /// Number of features.
    pub samples: i64,
    /// Their dimensions.
    pub dimensions: i64,
    /// Rank of the covariance: at most the dimensions, and below the number of samples.
    pub rank: i64,
}

impl CovarianceRank {
    /// Whether the features do not vary in some direction.
    pub fn is_deficient(&self) -> bool {
        self.rank < self.dimensions
    }
}

impl fmt::Display for FrechetScores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { distance, images, references, .. } = self;
        write!(f, "{distance:.4} ({} images, {} references)", images.samples, references.samples)?;
        let sides = [("images", images), ("references", references)];
        for (side, covariance) in sides.into_iter().filter(|(_, covariance)| covariance.is_deficient()) {
            let CovarianceRank { samples, dimensions, rank } = covariance;
            let why = if samples <= dimensions { ": too few samples" } else { "" };
            write!(f, "; the covariance of the {side} is deficient, of rank {rank} in {dimensions} dimensions{why}")?;
        }
        Ok(())
    }
}

impl FrechetDistance {
    /// Adds features `[N, D]` of one side.
    ///
    /// # Errors
    /// [`EvalError::Input`] if the shape or `D` differs, or a feature is not finite.
    pub fn update(&mut self, side: Side, features: &Tensor) -> Result<(), EvalError> {
        let width = self.width();
        let moments = match side {
            Side::Images => &mut self.images,
            Side::References => &mut self.references,
        };
        moments.update("FrechetDistance::update", features, width)
    }

    /// Adds another accumulator.
    ///
    /// # Errors
    /// [`EvalError::Input`] if its dimensions differ.
    pub fn merge(&mut self, other: &Self) -> Result<(), EvalError> {
        check_merge("FrechetDistance::merge", self.width(), other.width())?;
        self.images.merge(&other.images);
        self.references.merge(&other.references);
        Ok(())
    }

    /// The distance so far.
    ///
    /// # Errors
    /// [`EvalError::Input`] if a side has fewer than two features; [`EvalError::Decomposition`] if libtorch fails to
    /// compute eigenvalues or singular values.
    pub fn compute(&self) -> Result<FrechetScores, EvalError> {
        let (Some(images), Some(references)) = (self.images.normal(), self.references.normal()) else {
            let got = format!("{} and {}", self.images.count(), self.references.count());
            return Err(EvalError::input("FrechetDistance::compute", "2 images and references or more", got));
        };
        let (ours, theirs) = (Factor::of(&images, &self.images)?, Factor::of(&references, &self.references)?);
        let means = (&images.mean - &references.mean).square().sum(Kind::Double).double_value(&[]);
        let shared = nuclear_norm(&ours.factor.tr().matmul(&theirs.factor))?;
        Ok(FrechetScores {
            // Rounding may give a negative distance of equal sets.
            distance: (means + ours.trace + theirs.trace - 2.0 * shared).max(0.0),
            means,
            rank_deficient: ours.rank.is_deficient() || theirs.rank.is_deficient(),
            images: ours.rank,
            references: theirs.rank,
        })
    }

    fn width(&self) -> Option<i64> {
        self.images.width().or(self.references.width())
    }
}

/// A covariance as `A A^T`.
struct Factor {
    /// `A`, `[D, R]`.
    factor: Tensor,
    trace: f64,
    rank: CovarianceRank,
}

impl Factor {
    fn of(normal: &Normal, moments: &Moments) -> Result<Self, EvalError> {
        let dimensions = normal.mean.size()[0];
        let (values, vectors) =
            normal.covariance.f_linalg_eigh("L").map_err(|source| EvalError::Decomposition { source })?;
        let trace = values.sum(Kind::Double).double_value(&[]);
        // NumPy's rule for the rank of a symmetric matrix. Eigenvalues ascend.
        let least = values.max().double_value(&[]) * dimensions as f64 * f64::EPSILON;
        let above = values.gt(least).sum(Kind::Int64).int64_value(&[]);
        let rank = above.min(moments.count() - 1);
        let largest = |tensor: &Tensor, axis| tensor.narrow(axis, dimensions - rank, rank);
        let factor = largest(&vectors, 1) * largest(&values, 0).sqrt(); // [D, R]
        Ok(Self { factor, trace, rank: CovarianceRank { samples: moments.count(), dimensions, rank } })
    }
}

/// The sum of singular values.
fn nuclear_norm(matrix: &Tensor) -> Result<f64, EvalError> {
    if matrix.numel() == 0 {
        return Ok(0.0);
    }
    let norm = matrix.f_linalg_norm_ord_str("nuc", [-2_i64, -1].as_slice(), false, Kind::Double);
    Ok(norm.map_err(|source| EvalError::Decomposition { source })?.double_value(&[]))
}
