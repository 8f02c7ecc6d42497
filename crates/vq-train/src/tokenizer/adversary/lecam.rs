//! LeCAM regularization.

use tch::{Kind, Tensor};
use vq_experiment::LecamConfig;

use crate::TrainError;

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

/// Names of the tensors of a checkpoint, each a scalar.
const REAL: &str = "lecam.real";
const FAKE: &str = "lecam.fake";
/// 1 if the averages have begun, else 0.
const BEGUN: &str = "lecam.begun";

impl Lecam {
    pub(super) fn new(config: LecamConfig) -> Self {
        Self { config, averages: None }
    }

    /// Updates the averages with the logits of a step, and returns the weighted term, a scalar on their graph; none
    /// until `step`, which counts from 1, is past the start.
    ///
    /// The term is the mean of `(real - average fake)^2` plus that of `(fake - average real)^2`
    /// (the paper's R_LC).
    /// The official implementation only counts differences of the expected sign, which they have while the
    /// discriminator separates the two.
    pub(super) fn term(&mut self, step: u64, real: &Tensor, fake: &Tensor) -> Option<Tensor> {
        if step <= self.config.start {
            return None;
        }
        let (mean_real, mean_fake) = (real.detach().mean(Kind::Float), fake.detach().mean(Kind::Float));
        let averages = match self.averages.take() {
            None => Averages { real: mean_real, fake: mean_fake },
            Some(Averages { real, fake }) => {
                Averages { real: self.updated(&real, &mean_real), fake: self.updated(&fake, &mean_fake) }
            }
        };
        let distance = |logits: &Tensor, other: &Tensor| (logits - other).square().mean(Kind::Float);
        let term = (distance(real, &averages.fake) + distance(fake, &averages.real)) * self.config.weight;
        self.averages = Some(averages);
        Some(term)
    }

    /// An average updated with a new mean, without waiting for the device.
    ///
    /// A step that is not finite is skipped by the optimizer, and must not enter the average either.
    fn updated(&self, average: &Tensor, mean: &Tensor) -> Tensor {
        let moved = average.lerp(mean, 1.0 - self.config.decay);
        let begun = moved.where_self(&average.isfinite(), mean);
        begun.where_self(&mean.isfinite(), average)
    }

    /// The tensors of a checkpoint.
    pub(super) fn state(&self) -> Vec<(String, Tensor)> {
        let zero = || Tensor::from(0.0_f32);
        let (real, fake, begun) = match &self.averages {
            Some(Averages { real, fake }) => (real.shallow_clone(), fake.shallow_clone(), Tensor::from(1.0_f32)),
            None => (zero(), zero(), zero()),
        };
        vec![(REAL.into(), real), (FAKE.into(), fake), (BEGUN.into(), begun)]
    }

    /// Takes over the tensors of [`Lecam::state`].
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
