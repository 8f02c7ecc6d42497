//! Adam with a state that can be saved.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor, nn};

use crate::TrainError;

/// Options of [`Adam`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdamConfig {
    /// Decay of the mean of gradients.
    pub beta1: f64,
    /// Decay of the mean of squared gradients.
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub epsilon: f64,
}

/// The paper's betas.
impl Default for AdamConfig {
    fn default() -> Self {
        Self { beta1: 0.5, beta2: 0.9, epsilon: 1e-8 }
    }
}

impl AdamConfig {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`TrainError::Option`] naming the key.
    pub fn check(&self) -> Result<(), TrainError> {
        for (key, beta) in [("optimizer.beta1", self.beta1), ("optimizer.beta2", self.beta2)] {
            if !(0.0..1.0).contains(&beta) {
                return Err(TrainError::Option { key, expected: "a number in 0..1".into(), got: beta.to_string() });
            }
        }
        if self.epsilon.is_finite() && self.epsilon > 0.0 {
            return Ok(());
        }
        let got = self.epsilon.to_string();
        Err(TrainError::Option { key: "optimizer.epsilon", expected: "a finite number > 0".into(), got })
    }
}

/// Adam (Kingma and Ba, arXiv 1412.6980), equal to PyTorch's.
///
/// tch's optimizer cannot save its moments, so that a run could not be resumed.
/// Here all moments lie in two flat tensors, and a step is a handful of operations whatever the number of parameters.
#[derive(Debug)]
pub struct Adam {
    config: AdamConfig,
    /// Name and parameter, by name.
    parameters: Vec<(String, Tensor)>,
    first: Tensor,
    second: Tensor,
    steps: u64,
}

impl Adam {
    /// Optimizes every trainable variable of `store`, with moments of zero.
    pub fn new(store: &nn::VarStore, config: AdamConfig) -> Self {
        let named: BTreeMap<String, Tensor> = store.variables().into_iter().collect();
        let parameters: Vec<_> = named.into_iter().filter(|(_, tensor)| tensor.requires_grad()).collect();
        let total: i64 = parameters.iter().map(|(_, tensor)| tensor.numel() as i64).sum();
        let zeros = || Tensor::zeros([total], (Kind::Float, store.device()));
        Self { config, parameters, first: zeros(), second: zeros(), steps: 0 }
    }

    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Forgets the gradients of the last step.
    pub fn zero_grad(&mut self) {
        for (_, parameter) in &mut self.parameters {
            parameter.zero_grad();
        }
    }

    /// Moves every parameter against its gradient; a parameter without one counts as having a gradient of zero.
    pub fn step(&mut self, learning_rate: f64) {
        let AdamConfig { beta1, beta2, epsilon } = self.config;
        self.steps += 1;
        let correction = |beta: f64| 1.0 - beta.powi(i32::try_from(self.steps).unwrap_or(i32::MAX));
        let (correction1, correction2) = (correction(beta1), correction(beta2));
        tch::no_grad(|| {
            let gradient = self.gradient();
            let _ = self.first.lerp_(&gradient, 1.0 - beta1);
            let _ = self.second.g_mul_scalar_(beta2).addcmul_(&gradient, &(&gradient * (1.0 - beta2)));
            let spread = self.second.sqrt() / correction2.sqrt() + epsilon;
            let change = &self.first / spread * (-learning_rate / correction1);
            let mut offset = 0;
            for (_, parameter) in &mut self.parameters {
                let length = parameter.numel() as i64;
                let _ = parameter.g_add_(&change.narrow(0, offset, length).view_as(parameter));
                offset += length;
            }
        });
    }

    /// All gradients, flat, in the order of the parameters.
    fn gradient(&self) -> Tensor {
        let flat = |(_, parameter): &(String, Tensor)| {
            let gradient = parameter.grad();
            if gradient.defined() { gradient.reshape(-1) } else { parameter.zeros_like().reshape(-1) }
        };
        Tensor::cat(&self.parameters.iter().map(flat).collect::<Vec<_>>(), 0)
    }

    /// The moments by name, `first.<parameter>` and `second.<parameter>`, each of its parameter's shape.
    pub fn state(&self) -> Vec<(String, Tensor)> {
        let mut state = Vec::new();
        for (moment, flat) in [("first", &self.first), ("second", &self.second)] {
            let mut offset = 0;
            for (name, parameter) in &self.parameters {
                let length = parameter.numel() as i64;
                state.push((format!("{moment}.{name}"), flat.narrow(0, offset, length).view_as(parameter)));
                offset += length;
            }
        }
        state
    }

    /// Takes over moments that [`Adam::state`] gave, after `steps` steps.
    ///
    /// # Errors
    /// The name of the first moment that `find` does not have in the right shape.
    pub(crate) fn restore(
        &mut self,
        steps: u64,
        mut find: impl FnMut(&str, &[i64]) -> Result<Tensor, TrainError>,
    ) -> Result<(), TrainError> {
        for (name, mut slice) in self.state() {
            let saved = find(&name, &slice.size())?;
            tch::no_grad(|| slice.copy_(&saved));
        }
        self.steps = steps;
        Ok(())
    }
}
