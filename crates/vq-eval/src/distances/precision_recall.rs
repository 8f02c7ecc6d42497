//! Precision and recall of a set of images against references.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::features::{FeaturePair, Joined};
use super::side::Side;
use crate::EvalError;
use crate::checks::check_at_least;

/// Rows of the distance matrix in memory at once.
const ROWS: i64 = 256;
/// Tolerance of a squared radius, as a share of the squared lengths of both features.
const TIE: f64 = 1e-12;

/// Neighbours of [`PrecisionRecall`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PrecisionRecallConfig {
    /// `k`: a ball reaches to the `k`-th nearest neighbour; 3 by default.
    pub neighbours: usize,
}

impl Default for PrecisionRecallConfig {
    fn default() -> Self {
        Self { neighbours: 3 }
    }
}

impl PrecisionRecallConfig {
    /// Checks the number of neighbours.
    ///
    /// # Errors
    /// [`EvalError::Config`] if it is zero.
    pub fn check(&self) -> Result<(), EvalError> {
        check_at_least("check PrecisionRecallConfig", "neighbours", self.neighbours, 1)
    }
}

/// Improved precision and recall (Kynkäänniemi et al. 2019, arXiv 1904.06991, equations 1 and 2).
///
/// The manifold of a set is the union of the balls around its features.
/// Each ball reaches to the `k`-th nearest neighbour in the set, itself not counted, and includes its surface.
/// Precision is the share of images in the manifold of the references; recall is the share of references in the
/// manifold of the images.
///
/// Both depend on the number of features: compare sets of one size. The paper takes 50,000 and VGG-16's features.
/// The accumulator holds all features, with their own dtype and device; distances are computed in `Double`, a block of
/// rows at a time, about the mean of the references.
///
/// Letters: `M` images, `N` references, `D` dimensions.
#[derive(Debug)]
pub struct PrecisionRecall {
    neighbours: i64,
    features: FeaturePair,
}

/// Result of [`PrecisionRecall::compute`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrecisionRecallScores {
    /// Share of images in the manifold of the references, in `0..=1`.
    pub precision: f64,
    /// Share of references in the manifold of the images, in `0..=1`.
    pub recall: f64,
    /// `k`.
    pub neighbours: i64,
    /// Number of images.
    pub images: i64,
    /// Number of references.
    pub references: i64,
}

impl PrecisionRecall {
    /// An empty accumulator.
    ///
    /// # Errors
    /// Those of [`PrecisionRecallConfig::check`].
    pub fn new(config: &PrecisionRecallConfig) -> Result<Self, EvalError> {
        config.check()?;
        Ok(Self { neighbours: config.neighbours as i64, features: FeaturePair::default() })
    }

    /// Adds features `[N, D]` of one side.
    ///
    /// # Errors
    /// [`EvalError::Input`] if the shape or `D` differs, or a feature is not finite.
    pub fn update(&mut self, side: Side, features: &Tensor) -> Result<(), EvalError> {
        self.features.update("PrecisionRecall::update", side, features)
    }

    /// Adds another accumulator; its configuration is ignored.
    ///
    /// # Errors
    /// [`EvalError::Input`] if its dimensions differ.
    pub fn merge(&mut self, other: &Self) -> Result<(), EvalError> {
        self.features.merge("PrecisionRecall::merge", &other.features)
    }

    /// The shares so far.
    ///
    /// # Errors
    /// [`EvalError::Input`] if a side has `k` features or fewer.
    pub fn compute(&self) -> Result<PrecisionRecallScores, EvalError> {
        let Joined { images, references } =
            self.features.joined("PrecisionRecall::compute", self.neighbours.saturating_add(1))?;
        // Distances come from dot products, which lose digits far from the origin.
        let centre = references.mean_dim(0, true, Kind::Double); // [1, D]
        let images = Manifold::new(images - &centre, self.neighbours);
        let references = Manifold::new(references - centre, self.neighbours);
        Ok(PrecisionRecallScores {
            precision: references.share_within(&images),
            recall: images.share_within(&references),
            neighbours: self.neighbours,
            images: images.squares.size()[0],
            references: references.squares.size()[0],
        })
    }
}

/// Balls around features.
struct Manifold {
    /// `[N, D]`.
    features: Tensor,
    /// Their squared lengths, `[N]`.
    squares: Tensor,
    /// The squared radii, `[N]`.
    radii: Tensor,
}

impl Manifold {
    fn new(features: Tensor, neighbours: i64) -> Self {
        let squares = features.square().sum_dim_intlist(1, false, Kind::Double);
        let mut manifold = Self { radii: squares.zeros_like(), squares, features };
        // One more than the neighbours, because a feature is nearest to itself.
        let radii = manifold.blocks().map(|rows| manifold.distances(&rows).kthvalue(neighbours + 1, 1, false).0);
        let radii = radii.collect::<Vec<_>>();
        manifold.radii = Tensor::cat(&radii, 0);
        manifold
    }

    /// The share of the features of `other` that lie in a ball of these.
    fn share_within(&self, other: &Self) -> f64 {
        let within = other.blocks().map(|rows| {
            let slack = (rows.squares.unsqueeze(1) + self.squares.unsqueeze(0)) * TIE;
            let inside = self.distances(&rows).le_tensor(&(self.radii.unsqueeze(0) + slack)); // [rows, N]
            inside.any_dim(1, false).sum(Kind::Int64).int64_value(&[])
        });
        within.sum::<i64>() as f64 / other.squares.size()[0] as f64
    }

    /// Squared distances of rows from the features, `[rows, N]`.
    fn distances(&self, rows: &Rows) -> Tensor {
        let lengths = rows.squares.unsqueeze(1) + self.squares.unsqueeze(0);
        (lengths - rows.features.matmul(&self.features.tr()) * 2.0).clamp_min(0.0)
    }

    fn blocks(&self) -> impl Iterator<Item = Rows> {
        let blocks = self.features.split(ROWS, 0).into_iter().zip(self.squares.split(ROWS, 0));
        blocks.map(|(features, squares)| Rows { features, squares })
    }
}

/// A block of rows of a set.
struct Rows {
    /// `[rows, D]`.
    features: Tensor,
    /// `[rows]`.
    squares: Tensor,
}
