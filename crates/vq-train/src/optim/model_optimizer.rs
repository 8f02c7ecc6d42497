//! The optimizer of a model, with the average of its weights.

use tch::{Tensor, nn};
use vq_experiment::{AdamConfig, Weights};
use vq_pipeline::{CheckpointFile, Trained};

use super::{Adam, Gradient, StepSums, WeightAverage};
use crate::{StepResult, TrainError};

/// Adam over all parameters of a model, and optionally an average of the weights.
#[derive(Debug)]
pub struct ModelOptimizer {
    adam: Adam,
    average: Option<WeightAverage>,
}

impl ModelOptimizer {
    /// Optimizes the trainable variables of `store`; averages them with a decay, if one is given.
    ///
    /// # Errors
    /// [`TrainError::Torch`] if a variable cannot be moved.
    pub fn new(store: &nn::VarStore, config: &AdamConfig, ema_decay: Option<f64>) -> Result<Self, TrainError> {
        let adam = Adam::new(store, config.clone())?;
        let average = ema_decay.map(|decay| WeightAverage::new(&adam, decay));
        Ok(Self { adam, average })
    }

    /// The optimizer.
    pub fn adam(&self) -> &Adam {
        &self.adam
    }

    /// The average of the weights.
    pub fn average(&self) -> Option<&WeightAverage> {
        self.average.as_ref()
    }

    /// The gradient of a scalar by all parameters; frees the scalar's graph.
    ///
    /// # Errors
    /// [`TrainError::Torch`] if the scalar has no graph.
    pub fn gradient(&self, scalar: &Tensor) -> Result<Gradient, TrainError> {
        self.adam.gradient(scalar)
    }

    /// Takes a step and updates the average, unless `all_finite`, a `Bool` scalar on the device, is false.
    pub fn step(&mut self, gradient: Gradient, learning_rate: f64, all_finite: &Tensor) {
        self.adam.step(gradient, learning_rate, all_finite);
        if let Some(average) = &mut self.average {
            average.update(&self.adam, all_finite);
        }
    }

    /// Takes a step with the sums of its micro-batches; the device decides whether it counts.
    pub(crate) fn apply(&mut self, sums: StepSums, learning_rate: f64) -> StepResult {
        let StepSums { gradient, mut figures, .. } = sums;
        figures.push("gradient_norm", gradient.norm());
        let all_finite = figures.all_finite();
        self.step(gradient, learning_rate, &all_finite);
        StepResult::new(figures, all_finite)
    }

    /// Runs `work` with averaged weights, if there are any.
    pub fn with_average<T>(&self, work: impl FnOnce() -> T) -> T {
        match &self.average {
            Some(average) => average.lend(&self.adam, work),
            None => work(),
        }
    }

    /// The tensors of a checkpoint, by their names in it: the model's variables in `store`, moments and averages.
    pub fn tensors(&self, name: &str, store: &nn::VarStore) -> Vec<(String, Tensor)> {
        let prefixed = |prefix: String, tensors: Vec<(String, Tensor)>| {
            tensors.into_iter().map(move |(name, tensor)| (format!("{prefix}.{name}"), tensor))
        };
        let averages = self.average.as_ref().map(|average| average.state(&self.adam)).unwrap_or_default();
        prefixed("model".into(), store.variables().into_iter().collect())
            .chain(prefixed(format!("optimizer.{name}"), self.adam.state()))
            .chain(prefixed("ema".into(), averages))
            .collect()
    }

    /// Takes over variables, moments and averages of a checkpoint.
    ///
    /// # Errors
    /// [`TrainError::Pipeline`] naming the tensor that is missing or has another shape.
    pub fn restore<E: Trained>(
        &mut self,
        name: &str,
        store: &nn::VarStore,
        checkpoint: &CheckpointFile<E>,
    ) -> Result<(), TrainError> {
        checkpoint.restore(store, Weights::Raw)?;
        self.adam.restore_from(name, checkpoint)?;
        if let Some(average) = &mut self.average {
            average.restore(&self.adam, |name, shape| {
                Ok(checkpoint.tensor(&format!("ema.{name}"), tch::Kind::Float, shape)?)
            })?;
        }
        Ok(())
    }
}
