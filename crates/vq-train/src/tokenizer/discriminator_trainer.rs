//! Training of the discriminator.

use tch::{Device, Kind, Tensor};
use vq_experiment::{AdversarialConfig, Experiment};
use vq_pipeline::{Checkpoint, RngGuard};
use vq_random::derive_seed;

use super::adversary::Adversary;
use crate::{Adam, Gradient, TrainError};

/// Separates the seed of the discriminator's parameters from those of forward passes.
const WEIGHTS: u64 = 1 << 61;

/// The discriminator and its optimizer.
#[derive(Debug)]
pub(crate) struct DiscriminatorTrainer {
    pub(crate) adversary: Adversary,
    pub(crate) adam: Adam,
}

/// The discriminator's gradient of a micro-batch.
pub(crate) struct DiscriminatorGradient {
    pub(crate) gradient: Gradient,
    /// Scalars by name, off the autograd graph.
    pub(crate) terms: Vec<(&'static str, Tensor)>,
}

impl DiscriminatorTrainer {
    /// A discriminator with parameters drawn from the experiment's seed.
    pub(crate) fn new(config: AdversarialConfig, experiment: &Experiment, device: Device) -> Result<Self, TrainError> {
        let optimizer = config.optimizer.clone();
        let _guard = RngGuard::seeded(derive_seed(experiment.seed, WEIGHTS));
        let adversary = Adversary::new(config, device, experiment.train.precision)?;
        let adam = Adam::new(adversary.store(), optimizer)?;
        Ok(Self { adversary, adam })
    }

    /// The gradient of the discriminator's loss, times `share`, at a step that counts from 1; none before it is
    /// trained. `real` and `fake` are `[B, 3, H, W]`.
    pub(crate) fn gradient(
        &mut self,
        step: u64,
        real: &Tensor,
        fake: &Tensor,
        share: f64,
    ) -> Result<Option<DiscriminatorGradient>, TrainError> {
        let Some(term) = self.adversary.discriminator_loss(step, real, fake)? else { return Ok(None) };
        let gradient = self.adam.gradient(&(&term.loss * share))?;
        let terms = vec![
            ("discriminator", term.loss.detach()),
            ("logits_real", term.logits_real),
            ("logits_fake", term.logits_fake),
        ];
        let penalties = [("r1", term.r1), ("lecam", term.lecam)];
        let penalties = penalties.into_iter().filter_map(|(name, term)| Some((name, term?)));
        Ok(Some(DiscriminatorGradient { gradient, terms: terms.into_iter().chain(penalties).collect() }))
    }

    /// Takes a step at the generator's learning rate times the configured factor, unless `all_finite` is false.
    pub(crate) fn step(&mut self, gradient: Gradient, learning_rate: f64, all_finite: &Tensor) {
        let factor = self.adversary.config().learning_rate_factor;
        self.adam.step(gradient, learning_rate * factor, all_finite);
    }

    /// The tensors of a checkpoint, by their names in it; `name` is that of the optimizer.
    pub(crate) fn tensors(&self, name: &str) -> Vec<(String, Tensor)> {
        let state = self.adversary.state().into_iter().map(|(name, tensor)| (format!("adversary.{name}"), tensor));
        let moments =
            self.adam.state().into_iter().map(|(moment, tensor)| (format!("optimizer.{name}.{moment}"), tensor));
        state.chain(moments).collect()
    }

    /// Takes over the tensors of a checkpoint.
    pub(crate) fn restore(&mut self, name: &str, checkpoint: &Checkpoint) -> Result<(), TrainError> {
        let find = |name: &str, shape: &[i64]| {
            Ok::<_, TrainError>(checkpoint.tensor(&format!("adversary.{name}"), Kind::Float, shape)?)
        };
        self.adversary.restore(find)?;
        self.adam.restore_from(name, checkpoint)
    }
}
