//! The Inception score of a set.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::features::{check_features, check_merge};
use crate::EvalError;
use crate::error::check_least;

/// Splits of [`InceptionScore`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InceptionScoreConfig {
    /// Parts of the set that are scored apart; 10 by default.
    pub splits: usize,
}

impl Default for InceptionScoreConfig {
    fn default() -> Self {
        Self { splits: 10 }
    }
}

impl InceptionScoreConfig {
    /// # Errors
    /// [`EvalError::Config`] if there is no split.
    pub fn check(&self) -> Result<(), EvalError> {
        check_least("check InceptionScoreConfig", "splits", self.splits, 1)
    }
}

/// Inception score (Salimans et al. 2016, arXiv 1606.03498, section 4): `exp` of the mean divergence of an image's classes
/// from those of all, computed in `Double` from logits.
///
/// The set is cut into parts of consecutive images, part `i` of `S` being `i N / S .. (i + 1) N / S`; nothing is shuffled,
/// so images in the order of their classes have to be shuffled before.
/// It is the published score if the logits are those of the TF-ported Inception-v3, taken without their bias, as the
/// authors' code and torch-fidelity take them.
///
/// Logits are kept until the end, in their own kind on their own device.
///
/// Letters: `N` images, `C` classes, `S` splits.
#[derive(Debug)]
pub struct InceptionScore {
    splits: i64,
    /// Each `[N, C]`.
    logits: Vec<Tensor>,
    classes: Option<i64>,
}

/// What [`InceptionScore::compute`] gives.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InceptionScores {
    /// Mean over the splits, in `1..=C`.
    pub mean: f64,
    /// Standard deviation over the splits, the sum of squares divided by their number.
    pub spread: f64,
    /// Number of splits.
    pub splits: i64,
    /// Number of images.
    pub images: i64,
}

impl InceptionScore {
    /// Has seen nothing.
    ///
    /// # Errors
    /// As [`InceptionScoreConfig::check`].
    pub fn new(config: &InceptionScoreConfig) -> Result<Self, EvalError> {
        config.check()?;
        Ok(Self { splits: config.splits as i64, logits: Vec::new(), classes: None })
    }

    /// Adds logits `[N, C]`.
    ///
    /// # Errors
    /// [`EvalError::Features`] if they are not of this shape, of another `C` than before, or not finite.
    pub fn update(&mut self, logits: &Tensor) -> Result<(), EvalError> {
        self.classes = Some(check_features("InceptionScore::update", logits, self.classes)?);
        self.logits.push(logits.detach().copy());
        Ok(())
    }

    /// Adds what another has seen, as if its batches came after these; its configuration does not count.
    ///
    /// # Errors
    /// [`EvalError::Features`] if its classes differ in number.
    pub fn merge(&mut self, other: &Self) -> Result<(), EvalError> {
        self.classes = check_merge("InceptionScore::merge", self.classes, other.classes)?;
        self.logits.extend(other.logits.iter().map(Tensor::shallow_clone));
        Ok(())
    }

    /// The score of what was seen.
    ///
    /// # Errors
    /// [`EvalError::Features`] if there are fewer images than splits.
    pub fn compute(&self) -> Result<InceptionScores, EvalError> {
        let images: i64 = self.logits.iter().map(|batch| batch.size()[0]).sum();
        if images < self.splits {
            let expected = format!("{} images or more, one for each split", self.splits);
            return Err(EvalError::Features { op: "InceptionScore::compute", expected, got: images.to_string() });
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

/// The mean over images of the divergence of their classes from the classes of all, from logits `[N, C]`.
///
/// As a difference of entropies: in the usual form, a class that no image has is zero times infinity.
fn divergence(logits: &Tensor) -> f64 {
    let logarithms = logits.log_softmax(1, Kind::Double);
    let shares = logarithms.exp(); // [N, C]
    let all = shares.mean_dim(0, false, Kind::Double); // [C]
    let own = (&shares * logarithms).sum(Kind::Double).double_value(&[]) / logits.size()[0] as f64;
    own - all.xlogy(&all).sum(Kind::Double).double_value(&[])
}
