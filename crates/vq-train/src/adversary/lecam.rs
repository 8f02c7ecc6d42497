//! LeCAM regularization.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::TrainError;

/// Options of LeCAM regularization (Tseng et al. 2021, arXiv 2104.03310), for training on little data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LecamConfig {
    /// Weight of the term.
    pub weight: f64,
    /// Share of the past in the averages.
    pub decay: f64,
    /// Batches of the whole run before the averages begin and the term counts; the discriminator begins later as a rule.
    pub start: u64,
}

/// A small weight, as image tokenizers take it; the official implementation's decay.
impl Default for LecamConfig {
    fn default() -> Self {
        Self { weight: 0.001, decay: 0.999, start: 0 }
    }
}

impl LecamConfig {
    pub(super) fn check(&self) -> Result<(), TrainError> {
        let refuse = |key, expected: &str, got: f64| {
            Err(TrainError::Option { key, expected: expected.into(), got: got.to_string() })
        };
        if !(self.weight.is_finite() && self.weight >= 0.0) {
            return refuse("adversarial.lecam.weight", "a finite number >= 0", self.weight);
        }
        if !(0.0..1.0).contains(&self.decay) {
            return refuse("adversarial.lecam.decay", "a number in 0..1", self.decay);
        }
        Ok(())
    }
}

/// Moving averages of the discriminator's mean logits.
#[derive(Debug)]
pub(super) struct Lecam {
    config: LecamConfig,
    /// None before the first step that counts.
    averages: Option<Averages>,
}

/// Two scalars, `Float`.
#[derive(Debug)]
struct Averages {
    real: Tensor,
    fake: Tensor,
}

/// Names of what a checkpoint holds, each a scalar.
const REAL: &str = "lecam.real";
const FAKE: &str = "lecam.fake";
/// 1 if the averages have begun, else 0.
const BEGUN: &str = "lecam.begun";

impl Lecam {
    pub(super) fn new(config: LecamConfig) -> Self {
        Self { config, averages: None }
    }

    /// Takes this step's logits into the averages, and gives the weighted term, a scalar on their graph; none until
    /// `step`, which counts from 1, is past the start.
    ///
    /// The term is the mean of `(real - average fake)^2` plus that of `(fake - average real)^2`
    /// (the paper's R_LC).
    /// The official implementation counts differences of the expected sign alone, as they are while the discriminator
    /// tells the two apart.
    pub(super) fn term(&mut self, step: u64, real: &Tensor, fake: &Tensor) -> Option<Tensor> {
        if step <= self.config.start {
            return None;
        }
        let (mean_real, mean_fake) = (real.detach().mean(Kind::Float), fake.detach().mean(Kind::Float));
        let averages = match self.averages.take() {
            None => Averages { real: mean_real, fake: mean_fake },
            Some(Averages { real, fake }) => {
                Averages { real: self.moved(&real, &mean_real), fake: self.moved(&fake, &mean_fake) }
            }
        };
        let distance = |logits: &Tensor, other: &Tensor| (logits - other).square().mean(Kind::Float);
        let term = (distance(real, &averages.fake) + distance(fake, &averages.real)) * self.config.weight;
        self.averages = Some(averages);
        Some(term)
    }

    /// An average with a new mean in it, decided on the device.
    ///
    /// A step that is no number is skipped by the optimizer, and must not stay in the average either.
    fn moved(&self, average: &Tensor, mean: &Tensor) -> Tensor {
        let moved = average.lerp(mean, 1.0 - self.config.decay);
        let begun = moved.where_self(&average.isfinite(), mean);
        begun.where_self(&mean.isfinite(), average)
    }

    /// What a checkpoint holds.
    pub(super) fn state(&self) -> Vec<(String, Tensor)> {
        let zero = || Tensor::from(0.0_f32);
        let (real, fake, begun) = match &self.averages {
            Some(Averages { real, fake }) => (real.shallow_clone(), fake.shallow_clone(), Tensor::from(1.0_f32)),
            None => (zero(), zero(), zero()),
        };
        vec![(REAL.into(), real), (FAKE.into(), fake), (BEGUN.into(), begun)]
    }

    /// Takes over what [`Lecam::state`] gave.
    pub(super) fn restore(
        &mut self,
        device: tch::Device,
        mut find: impl FnMut(&str, &[i64]) -> Result<Tensor, TrainError>,
    ) -> Result<(), TrainError> {
        let mut scalar = |name: &str| Ok::<_, TrainError>(find(name, &[])?.to_device(device));
        let (real, fake, begun) = (scalar(REAL)?, scalar(FAKE)?, scalar(BEGUN)?);
        self.averages = (begun.f_double_value(&[])? > 0.0).then_some(Averages { real, fake });
        Ok(())
    }
}
