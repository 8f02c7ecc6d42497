//! The discriminator as it learns: its parameters and their optimizer.

use tch::{Device, Tensor};

use crate::randomness::{Turn, mix};
use crate::{Adam, AdversarialConfig, Adversary, Experiment, Gradient, TrainError};

/// Bits that keep the seed of the discriminator's parameters apart from those of forward passes.
const WEIGHTS: u64 = 1 << 61;

/// An adversary and the optimizer of its parameters.
#[derive(Debug)]
pub(crate) struct Opponent {
    pub(crate) adversary: Adversary,
    pub(crate) adam: Adam,
}

/// What the discriminator learns from a micro-batch.
pub(crate) struct Lesson {
    pub(crate) gradient: Gradient,
    /// Scalars by name, off the graph.
    pub(crate) terms: Vec<(&'static str, Tensor)>,
}

impl Opponent {
    /// With parameters drawn from the experiment's seed.
    pub(crate) fn new(config: AdversarialConfig, experiment: &Experiment, device: Device) -> Result<Self, TrainError> {
        let optimizer = config.optimizer.clone();
        let _turn = Turn::seeded(mix(experiment.seed, WEIGHTS));
        let adversary = Adversary::new(config, device, experiment.train.precision)?;
        let adam = Adam::new(adversary.store(), optimizer)?;
        Ok(Self { adversary, adam })
    }

    /// The gradient of what the discriminator minimizes, times `share`, at a step that counts from 1; none before it
    /// learns. `real` and `fake` are `[B, 3, H, W]`.
    pub(crate) fn lesson(
        &mut self,
        step: u64,
        real: &Tensor,
        fake: &Tensor,
        share: f64,
    ) -> Result<Option<Lesson>, TrainError> {
        let Some(term) = self.adversary.discriminator_loss(step, real, fake)? else { return Ok(None) };
        let gradient = self.adam.gradient(&(&term.loss * share))?;
        let terms = vec![
            ("discriminator", term.loss.detach()),
            ("logits_real", term.logits_real),
            ("logits_fake", term.logits_fake),
        ];
        let penalties = [("r1", term.r1), ("lecam", term.lecam)];
        let penalties = penalties.into_iter().filter_map(|(name, term)| Some((name, term?)));
        Ok(Some(Lesson { gradient, terms: terms.into_iter().chain(penalties).collect() }))
    }
}
