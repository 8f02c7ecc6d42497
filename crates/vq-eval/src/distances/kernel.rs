//! The kernel distance between two sets of features.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};
use vq_random::RandomStream;

use super::features::{FeaturePair, Joined};
use super::side::Side;
use crate::EvalError;
use crate::checks::check_at_least;

/// Rows of the kernel matrix in memory at once.
const ROWS: i64 = 256;
/// [`RandomStream`]'s purpose of the subsets, which are its count.
const PURPOSE: u8 = 1;

/// Kernel and subsets of [`KernelDistance`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KernelConfig {
    /// Degree of the polynomial; 3 by default.
    pub degree: u32,
    /// Factor of the dot product of two features; `1 / D` by default.
    pub gamma: Option<f64>,
    /// Summand beside it; 1 by default.
    pub constant: f64,
    /// Number of subsets; 100 by default.
    pub subsets: usize,
    /// Images and references in each; 1000 by default.
    pub subset_size: usize,
    /// Seed of the subsets.
    pub seed: u64,
}

/// The values of torch-fidelity and clean-fid.
impl Default for KernelConfig {
    fn default() -> Self {
        Self { degree: 3, gamma: None, constant: 1.0, subsets: 100, subset_size: 1000, seed: 0 }
    }
}

impl KernelConfig {
    /// Checks the values.
    ///
    /// # Errors
    /// [`EvalError::Config`] naming the key, if there is no subset, a subset has fewer than two features, the degree is
    /// zero, or `gamma` or `constant` is not finite or has the wrong sign.
    pub fn check(&self) -> Result<(), EvalError> {
        let refuse = |key: &'static str, expected: &'static str, got: f64| {
            Err(EvalError::Config { op: "check KernelConfig", key, expected: expected.into(), got: got.to_string() })
        };
        check_at_least("check KernelConfig", "degree", self.degree as usize, 1)?;
        check_at_least("check KernelConfig", "subsets", self.subsets, 1)?;
        check_at_least("check KernelConfig", "subset_size", self.subset_size, 2)?;
        match self.gamma {
            Some(gamma) if !(gamma > 0.0 && gamma.is_finite()) => return refuse("gamma", "a number above 0", gamma),
            _ => {}
        }
        match self.constant {
            constant if constant >= 0.0 && constant.is_finite() => Ok(()),
            constant => refuse("constant", "0 or more", constant),
        }
    }
}

/// Squared maximum mean discrepancy with a polynomial kernel, `(gamma x y + constant)^degree`, by the unbiased estimator
/// (Gretton et al. 2012, equation 3).
///
/// With the default kernel and Inception's 2048 features, this is KID (Binkowski et al. 2018, arXiv 1801.01401).
/// The estimator is unbiased, so the distance of similar sets may be negative.
///
/// # Subsets
/// If both sides have more than [`KernelConfig::subset_size`] features, the distance is the mean over random subsets,
/// drawn without replacement; subset `n` depends on the seed, `n` and the number of features alone.
/// Otherwise it is the distance of all features.
///
/// The accumulator holds all features, with their own dtype and device; kernels are computed in `Double`.
///
/// Letters: `M` images, `N` references, `D` dimensions.
#[derive(Debug)]
pub struct KernelDistance {
    config: KernelConfig,
    features: FeaturePair,
}

/// Result of [`KernelDistance::compute`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KernelScores {
    /// The distance, or its mean over subsets.
    pub distance: f64,
    /// The subsets; none if the distance is that of all features.
    pub subsets: Option<SubsetSpread>,
    /// Number of images.
    pub images: i64,
    /// Number of references.
    pub references: i64,
}

/// The subsets behind a mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubsetSpread {
    /// Number of subsets.
    pub count: usize,
    /// Images and references in each.
    pub size: usize,
    /// Standard deviation of their distances, with their number as divisor.
    pub spread: f64,
}

impl KernelDistance {
    /// An empty accumulator.
    ///
    /// # Errors
    /// Those of [`KernelConfig::check`].
    pub fn new(config: &KernelConfig) -> Result<Self, EvalError> {
        config.check()?;
        Ok(Self { config: *config, features: FeaturePair::default() })
    }

    /// Adds features `[N, D]` of one side.
    ///
    /// # Errors
    /// [`EvalError::Input`] if the shape or `D` differs, or a feature is not finite.
    pub fn update(&mut self, side: Side, features: &Tensor) -> Result<(), EvalError> {
        self.features.update("KernelDistance::update", side, features)
    }

    /// Adds another accumulator, as if its batches came after these; its configuration is ignored.
    ///
    /// # Errors
    /// [`EvalError::Input`] if its dimensions differ.
    pub fn merge(&mut self, other: &Self) -> Result<(), EvalError> {
        self.features.merge("KernelDistance::merge", &other.features)
    }

    /// The distance so far.
    ///
    /// # Errors
    /// [`EvalError::Input`] if a side has fewer than two features.
    pub fn compute(&self) -> Result<KernelScores, EvalError> {
        let Joined { images, references } = self.features.joined("KernelDistance::compute", 2)?;
        let (m, n) = (images.size()[0], references.size()[0]);
        let KernelConfig { subsets, subset_size, seed, .. } = self.config;
        let size = subset_size as u64;
        if m.min(n) as u64 <= size {
            let distance = self.discrepancy(&images, &references);
            return Ok(KernelScores { distance, subsets: None, images: m, references: n });
        }
        let mut draws = Vec::with_capacity(subsets);
        for count in 0..subsets {
            let mut stream = RandomStream::keyed(seed, PURPOSE, count as u64);
            let mut draw = |from: &Tensor| {
                let rows = Tensor::from_slice(&stream.subset(from.size()[0] as u64, size));
                from.index_select(0, &rows.to_device(from.device()))
            };
            let (images, references) = (draw(&images), draw(&references));
            draws.push(self.discrepancy(&images, &references));
        }
        let distance = draws.iter().sum::<f64>() / subsets as f64;
        let variance = draws.iter().map(|draw| (draw - distance).powi(2)).sum::<f64>() / subsets as f64;
        let subsets = SubsetSpread { count: subsets, size: subset_size, spread: variance.sqrt() };
        Ok(KernelScores { distance, subsets: Some(subsets), images: m, references: n })
    }

    /// The estimate from features `[M, D]` and `[N, D]`, `M, N >= 2`.
    fn discrepancy(&self, images: &Tensor, references: &Tensor) -> f64 {
        let within = |features: &Tensor| {
            let own = self.kernel(features.square().sum_dim_intlist(1, false, Kind::Double)); // [N]
            let count = features.size()[0] as f64;
            (self.kernel_sum(features, features) - own.sum(Kind::Double).double_value(&[])) / (count * (count - 1.0))
        };
        let pairs = images.size()[0] as f64 * references.size()[0] as f64;
        within(images) + within(references) - 2.0 * self.kernel_sum(images, references) / pairs
    }

    /// The sum of the kernel over all pairs.
    fn kernel_sum(&self, left: &Tensor, right: &Tensor) -> f64 {
        let right = right.tr();
        let blocks = left.split(ROWS, 0).into_iter();
        blocks.map(|rows| self.kernel(rows.matmul(&right)).sum(Kind::Double).double_value(&[])).sum()
    }

    /// The kernel, from dot products.
    fn kernel(&self, products: Tensor) -> Tensor {
        let width = self.features.width().unwrap_or(1) as f64;
        let gamma = self.config.gamma.unwrap_or(1.0 / width);
        (products * gamma + self.config.constant).pow_tensor_scalar(f64::from(self.config.degree))
    }
}
