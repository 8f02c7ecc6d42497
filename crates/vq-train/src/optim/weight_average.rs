//! The moving average of weights.

use tch::{Kind, Tensor};

use super::Adam;
use crate::TrainError;

/// An exponential moving average of all parameters of an optimizer.
///
/// After `t` steps the decay is `min(decay, (1 + t) / (10 + t))`, so that the random initial weights soon lose their
/// influence (TensorFlow's `ExponentialMovingAverage` with `num_updates`).
/// Buffers, such as those of a normalization, are not averaged.
#[derive(Debug)]
pub struct WeightAverage {
    decay: f64,
    /// `[P]`.
    values: Tensor,
}

impl WeightAverage {
    /// Starts with the current parameters.
    pub fn new(adam: &Adam, decay: f64) -> Self {
        Self { decay, values: adam.values().copy() }
    }

    /// Updates the average after a step, unless `all_finite`, a `Bool` scalar on the device, is false.
    pub fn update(&mut self, adam: &Adam, all_finite: &Tensor) {
        tch::no_grad(|| {
            let steps = adam.steps_on_device();
            let decay = ((steps + 1.0) / (steps + 10.0)).clamp_max(self.decay);
            let rest: Tensor = 1.0 - decay;
            let weight = rest.to_kind(Kind::Float) * all_finite.to_kind(Kind::Float);
            let _ = self.values.lerp_tensor_(&adam.values(), &weight);
        });
    }

    /// Runs `work` while the parameters are the averaged ones; afterwards they are as before, bit for bit.
    pub(crate) fn lend<T>(&self, adam: &Adam, work: impl FnOnce() -> T) -> T {
        let mut parameters = adam.values();
        let trained = parameters.copy();
        tch::no_grad(|| parameters.copy_(&self.values));
        let result = work();
        tch::no_grad(|| parameters.copy_(&trained));
        result
    }

    /// The averages by the parameters' names, each of its parameter's shape.
    pub fn state(&self, adam: &Adam) -> Vec<(String, Tensor)> {
        adam.views(&self.values)
    }

    /// Takes over averages that [`WeightAverage::state`] gave.
    pub(crate) fn restore(
        &mut self,
        adam: &Adam,
        mut find: impl FnMut(&str, &[i64]) -> Result<Tensor, TrainError>,
    ) -> Result<(), TrainError> {
        for (name, mut slice) in self.state(adam) {
            let saved = find(&name, &slice.size())?;
            tch::no_grad(|| slice.copy_(&saved));
        }
        Ok(())
    }
}
