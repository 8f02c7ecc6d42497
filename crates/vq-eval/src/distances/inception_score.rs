//! The Inception score of a set.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::features::{check_features, check_merge};
use crate::EvalError;
use crate::checks::check_at_least;

/// Splits of [`InceptionScore`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InceptionScoreConfig {
    /// Parts of the set that are scored separately; 10 by default.
    pub splits: usize,
}

impl Default for InceptionScoreConfig {
    fn default() -> Self {
        Self { splits: 10 }
    }
}

impl InceptionScoreConfig {
    /// Checks the number of splits.
    ///
    /// # Errors
    /// [`EvalError::Config`] if it is zero.
    pub fn check(&self) -> Result<(), EvalError> {
        check_at_least("check InceptionScoreConfig", "splits", self.splits, 1)
    }
}

/// Inception score (Salimans et al. 2016, arXiv 1606.03498, section 4): `exp` of the mean KL divergence of an image's
/// class distribution from that of all images, computed in `Double` from logits.
///
/// The set is cut into `S` splits of consecutive images; split `i` is `i N / S .. (i + 1) N / S`.
/// Images are not shuffled, so the caller shuffles images that are sorted by class.
/// The score is the published one for the logits of the TF-ported Inception-v3 without their bias, as the authors' code
/// and torch-fidelity take them.
///
/// The accumulator holds all logits, with their own dtype and device.
///
/// Letters: `N` images, `C` classes, `S` splits.
#[derive(Debug)]
pub struct InceptionScore {
    splits: i64,
    /// Each `[N, C]`.
    logits: Vec<Tensor>,
    classes: Option<i64>,
}

/// Result of [`InceptionScore::compute`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InceptionScores {
    /// Mean over the splits, in `1..=C`.
    pub mean: f64,
    /// Standard deviation over the splits, with the number of splits as divisor.
    pub spread: f64,
    /// Number of splits.
    pub splits: i64,
    /// Number of images.
    pub images: i64,
}

impl InceptionScore {
    /// An empty accumulator.
    ///
    /// # Errors
    /// Those of [`InceptionScoreConfig::check`].
    pub fn new(config: &InceptionScoreConfig) -> Result<Self, EvalError> {
        config.check()?;
        Ok(Self { splits: config.splits as i64, logits: Vec::new(), classes: None })
    }

    /// Adds logits `[N, C]`.
    ///
    /// # Errors
    /// [`EvalError::Input`] if the shape or `C` differs, or a logit is not finite.
    pub fn update(&mut self, logits: &Tensor) -> Result<(), EvalError> {
        self.classes = Some(check_features("InceptionScore::update", logits, self.classes)?);
        self.logits.push(logits.detach().copy());
        Ok(())
    }

    /// Adds another accumulator, as if its batches came after these; its configuration is ignored.
    ///
    /// # Errors
    /// [`EvalError::Input`] if its number of classes differs.
    pub fn merge(&mut self, other: &Self) -> Result<(), EvalError> {
        self.classes = check_merge("InceptionScore::merge", self.classes, other.classes)?;
        self.logits.extend(other.logits.iter().map(Tensor::shallow_clone));
        Ok(())
    }

    /// The score so far.
    ///
    /// # Errors
    /// [`EvalError::Input`] if there are fewer images than splits.
    pub fn compute(&self) -> Result<InceptionScores, EvalError> {
        let images: i64 = self.logits.iter().map(|batch| batch.size()[0]).sum();
        if images < self.splits {
            let expected = format!("{} images or more, one for each split", self.splits);
            return Err(EvalError::input("InceptionScore::compute", expected, images.to_string()));
        }
        let device = self.logits[0].device();
        let logits = Tensor::cat(&self.logits.iter().map(|batch| batch.to_device(device)).collect::<Vec<_>>(), 0);
        let splits = self.splits as f64;
        let scores = (0..self.splits).map(|split| {
            let (start, end) = (split * images / self.splits, (split + 1) * images / self.splits);
            divergence(&logits.narrow(0, start, end - start)).exp()
        });
        let scores: Vec<f64> = scores.collect();
        let mean = scores.iter().sum::<f64>() / splits;
        let variance = scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>() / splits;
        Ok(InceptionScores { mean, spread: variance.sqrt(), splits: self.splits, images })
    }
}

/// Mean over images of the KL divergence of their class distribution from the mean one, from logits `[N, C]`.
///
/// It is computed as a difference of entropies, since the usual form gives zero times infinity for a class that no
/// image has.
fn divergence(logits: &Tensor) -> f64 {
    let logarithms = logits.log_softmax(1, Kind::Double);
    let shares = logarithms.exp(); // [N, C]
    let all = shares.mean_dim(0, false, Kind::Double); // [C]
    let own = (&shares * logarithms).sum(Kind::Double).double_value(&[]) / logits.size()[0] as f64;
    own - all.xlogy(&all).sum(Kind::Double).double_value(&[])
}
