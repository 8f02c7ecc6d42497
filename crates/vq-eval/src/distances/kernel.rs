//! The kernel distance between two sets of features.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::Side;
use super::features::{FeaturePair, Joined};
use crate::EvalError;
use crate::error::check_least;
use crate::random::{Purpose, generator, subset};

/// Rows of the kernel matrix that are held at once.
const ROWS: i64 = 256;

/// Kernel and subsets of [`KernelDistance`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KernelConfig {
    /// Degree of the polynomial; 3 by default.
    pub degree: u32,
    /// What the product of two features is multiplied with; one over their dimensions if not given.
    pub gamma: Option<f64>,
    /// What is added to it; 1 by default.
    pub constant: f64,
    /// Number of subsets; 100 by default.
    pub subsets: usize,
    /// Images and references in each; 1000 by default.
    pub subset_size: usize,
    /// Where the draws of subsets begin.
    pub seed: u64,
}

/// Those of torch-fidelity and clean-fid.
impl Default for KernelConfig {
    fn default() -> Self {
        Self { degree: 3, gamma: None, constant: 1.0, subsets: 100, subset_size: 1000, seed: 0 }
    }
}

impl KernelConfig {
    /// # Errors
    /// [`EvalError::Config`] naming the key, if there is no subset, one of fewer than two, a degree of zero, or a kernel
    /// that is not of finite numbers.
    pub fn check(&self) -> Result<(), EvalError> {
        let refuse = |key: &'static str, expected: &'static str, got: f64| {
            Err(EvalError::Config { op: "check KernelConfig", key, expected: expected.into(), got: got.to_string() })
        };
        check_least("check KernelConfig", "degree", self.degree as usize, 1)?;
        check_least("check KernelConfig", "subsets", self.subsets, 1)?;
        check_least("check KernelConfig", "subset_size", self.subset_size, 2)?;
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
/// Unbiased means that it may fall below zero where sets are alike.
///
/// # Subsets
/// Where both sides have more than [`KernelConfig::subset_size`], the distance is the mean over random subsets, drawn
/// without replacement; draw `n` depends on the seed, `n` and the number of features alone.
/// Else it is that of all that was seen, once.
///
/// Features are kept until the end, in their own kind on their own device; kernels are computed in `Double`.
///
/// Letters: `M` images, `N` references, `D` dimensions.
#[derive(Debug)]
pub struct KernelDistance {
    config: KernelConfig,
    features: FeaturePair,
}

/// What [`KernelDistance::compute`] gives.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KernelScores {
    /// The distance, or its mean over subsets.
    pub distance: f64,
    /// The subsets, or nothing where all features made one.
    pub subsets: Option<SubsetSpread>,
    /// Images that were seen.
    pub images: i64,
    /// References that were seen.
    pub references: i64,
}

/// The subsets of a mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubsetSpread {
    /// How many there were.
    pub count: usize,
    /// Images and references in each.
    pub size: usize,
    /// Standard deviation of their distances, the sum of squares divided by their number.
    pub spread: f64,
}

impl KernelDistance {
    /// Has seen nothing.
    ///
    /// # Errors
    /// As [`KernelConfig::check`].
    pub fn new(config: &KernelConfig) -> Result<Self, EvalError> {
        config.check()?;
        Ok(Self { config: *config, features: FeaturePair::default() })
    }

    /// Adds features `[N, D]` of one side.
    ///
    /// # Errors
    /// [`EvalError::Features`] if they are not of this shape, of another `D` than before, or not finite.
    pub fn update(&mut self, side: Side, features: &Tensor) -> Result<(), EvalError> {
        self.features.update("KernelDistance::update", side, features)
    }

    /// Adds what another has seen, as if its batches came after these; its configuration does not count.
    ///
    /// # Errors
    /// [`EvalError::Features`] if its dimensions differ.
    pub fn merge(&mut self, other: &Self) -> Result<(), EvalError> {
        self.features.merge("KernelDistance::merge", &other.features)
    }

    /// The distance between what was seen.
    ///
    /// # Errors
    /// [`EvalError::Features`] if a side has fewer than two features.
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
            let mut generator = generator(seed, Purpose::Subset, count as u64);
            let mut draw = |from: &Tensor| {
                let rows = Tensor::from_slice(&subset(&mut generator, from.size()[0] as u64, size));
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

    /// The estimate from all of `[M, D]` and `[N, D]`, `M, N >= 2`.
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
    fn kernel_sum(&self, ones: &Tensor, others: &Tensor) -> f64 {
        let others = others.tr();
        let blocks = ones.split(ROWS, 0).into_iter();
        blocks.map(|rows| self.kernel(rows.matmul(&others)).sum(Kind::Double).double_value(&[])).sum()
    }

    /// The kernel of products.
    fn kernel(&self, products: Tensor) -> Tensor {
        let width = self.features.width().unwrap_or(1) as f64;
        let gamma = self.config.gamma.unwrap_or(1.0 / width);
        (products * gamma + self.config.constant).pow_tensor_scalar(f64::from(self.config.degree))
    }
}
