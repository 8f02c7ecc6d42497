//! Adversarial training: the discriminator and its loss, and the generator's adversarial term.

mod adaptive;
mod frozen;
mod lecam;
mod r1;
mod terms;
#[cfg(test)]
mod tests;

use tch::{Device, Kind, Tensor, nn};
use vq_core::Mode;
use vq_experiment::{AdaptiveWeight, AdversarialConfig};
use vq_model::{Discriminator, Precision};

use crate::TrainError;
use adaptive::{adaptive_weight, gradient_at, with_gradient};
use frozen::Frozen;
use lecam::Lecam;
use r1::penalty;

pub use terms::{DiscriminatorTerm, GeneratorTerm};

/// A discriminator with its parameters and the averages of its logits.
///
/// One pass of encoder and decoder serves both sides: the generator's step takes the reconstruction on its graph, the
/// discriminator's the same one detached.
/// Nothing of a side is computed before it counts.
///
/// ```text
/// losses = loss.losses(reconstruction, images)
/// term   = adversary.generator_term(step, losses.reconstruction, reconstruction.images, last_weight)
/// term.total(losses), or losses.total() without a term: backward, the generator's optimizer steps
/// term   = adversary.discriminator_loss(step, images, reconstruction.images)
/// term.loss backward, the discriminator's optimizer steps     if there is one
/// ```
#[derive(Debug)]
pub struct Adversary {
    config: AdversarialConfig,
    discriminator: Box<dyn Discriminator>,
    store: nn::VarStore,
    lecam: Option<Lecam>,
}

impl Adversary {
    /// Builds the configured discriminator, with parameters drawn from the current state of libtorch's generator.
    ///
    /// # Errors
    /// [`TrainError::Config`] or [`TrainError::Model`] naming the key that is out of range.
    pub fn new(config: AdversarialConfig, device: Device, precision: Precision) -> Result<Self, TrainError> {
        let store = nn::VarStore::new(device);
        let discriminator = config.discriminator.build(&store.root(), precision)?;
        Self::with(config, discriminator, store)
    }

    /// Takes a discriminator whose parameters and buffers, and nothing else, are registered in `store`.
    ///
    /// It always runs in [`Mode::Train`]; for R1 its operations must have second derivatives.
    ///
    /// # Errors
    /// [`TrainError::Config`] naming the key of `config` that is out of range.
    pub fn with(
        config: AdversarialConfig,
        discriminator: Box<dyn Discriminator>,
        store: nn::VarStore,
    ) -> Result<Self, TrainError> {
        config.check().map_err(TrainError::from)?;
        let lecam = config.lecam.clone().filter(|lecam| lecam.weight > 0.0).map(Lecam::new);
        Ok(Self { config, discriminator, store, lecam })
    }

    /// The options.
    pub fn config(&self) -> &AdversarialConfig {
        &self.config
    }

    /// The discriminator's parameters, for its optimizer.
    pub fn store(&self) -> &nn::VarStore {
        &self.store
    }

    /// The generator's term at a step, which counts from 1; none up to the start.
    ///
    /// `nll` is the scalar reconstruction loss and must depend on parameters only through `fake` `[B, 3, H, W]`, the
    /// decoder's output; `last_weight` is the weight of the decoder's last convolution.
    /// Gradients flow through `fake`; the discriminator's parameters get none.
    ///
    /// # Errors
    /// [`TrainError::Model`] if the images do not fit the discriminator; [`TrainError::Torch`] if `fake` or
    /// `last_weight` has no gradient.
    pub fn generator_term(
        &self,
        step: u64,
        nll: &Tensor,
        fake: &Tensor,
        last_weight: &Tensor,
    ) -> Result<Option<GeneratorTerm>, TrainError> {
        let factor = self.config.factor(step);
        if factor == 0.0 || self.config.weight == 0.0 {
            return Ok(None);
        }
        let gan = {
            let _frozen = Frozen::parameters_of(&self.store);
            self.config.loss.generator(&self.discriminator.forward(fake, Mode::Train)?)
        };
        let weight = self.config.weight;
        let term = match self.config.adaptive {
            AdaptiveWeight::Off => {
                let adaptive_weight = gan.detach().full_like(weight);
                GeneratorTerm {
                    nll: nll.shallow_clone(),
                    loss: &gan * (weight * factor),
                    gan: gan.detach(),
                    adaptive_weight,
                    factor,
                }
            }
            AdaptiveWeight::LastLayer => {
                // One pass back to the images, and from there to the last weight now and to all parameters later.
                let of_nll = gradient_at(nll, fake)?;
                let of_gan = gradient_at(&gan, fake)?;
                let at_weight = |gradient: &Tensor| gradient_at(&(fake * gradient).sum(Kind::Float), last_weight);
                let adaptive_weight = adaptive_weight(&at_weight(&of_nll)?, &at_weight(&of_gan)?) * weight;
                let scale = &adaptive_weight * factor;
                GeneratorTerm {
                    nll: with_gradient(nll, fake, &of_nll),
                    loss: with_gradient(&(&gan * &scale), fake, &(of_gan * &scale)),
                    gan: gan.detach(),
                    adaptive_weight,
                    factor,
                }
            }
        };
        Ok(Some(term))
    }

    /// The discriminator's loss at a step, which counts from 1; none before its warm-up.
    ///
    /// `real` and `fake` are `[B, 3, H, W]`; no gradient flows to either.
    /// LeCAM's averages are updated.
    ///
    /// # Errors
    /// [`TrainError::Model`] if the images do not fit the discriminator.
    pub fn discriminator_loss(
        &mut self,
        step: u64,
        real: &Tensor,
        fake: &Tensor,
    ) -> Result<Option<DiscriminatorTerm>, TrainError> {
        if !self.config.discriminator_learns(step) {
            return Ok(None);
        }
        let r1 = self.config.r1.as_ref().filter(|r1| r1.is_due(step));
        let real = real.detach();
        let real = if r1.is_some() { real.set_requires_grad(true) } else { real };
        let on_real = self.discriminator.forward(&real, Mode::Train)?;
        let on_fake = self.discriminator.forward(&fake.detach(), Mode::Train)?;
        let r1 = r1.map(|r1| penalty(r1, &real, &on_real)).transpose()?;
        let lecam = self.lecam.as_mut().and_then(|lecam| lecam.term(step, &on_real, &on_fake));
        let gan = self.config.loss.discriminator(&on_real, &on_fake);
        let loss = r1.iter().chain(&lecam).fold(gan, |sum, penalty| sum + penalty);
        let detached = |term: Option<Tensor>| term.map(|term| term.detach());
        Ok(Some(DiscriminatorTerm {
            loss,
            logits_real: on_real.detach().mean(Kind::Float),
            logits_fake: on_fake.detach().mean(Kind::Float),
            r1: detached(r1),
            lecam: detached(lecam),
        }))
    }

    /// The tensors of a checkpoint, by name: `discriminator.<variable>` and, if configured, `lecam.{real,fake,begun}`,
    /// all `Float`.
    ///
    /// The optimizer saves its own moments.
    pub fn state(&self) -> Vec<(String, Tensor)> {
        let variables = self.store.variables().into_iter();
        let mut state: Vec<_> =
            variables.map(|(name, tensor)| (format!("discriminator.{name}"), tensor.detach())).collect();
        state.sort_by(|a, b| a.0.cmp(&b.0));
        state.extend(self.lecam.iter().flat_map(Lecam::state));
        state
    }

    /// Takes over the tensors of [`Adversary::state`]; `find` returns the tensor of a name and shape.
    ///
    /// # Errors
    /// The first error of `find`.
    pub fn restore(
        &mut self,
        mut find: impl FnMut(&str, &[i64]) -> Result<Tensor, TrainError>,
    ) -> Result<(), TrainError> {
        for (name, mut tensor) in self.store.variables() {
            let saved = find(&format!("discriminator.{name}"), &tensor.size())?;
            tch::no_grad(|| tensor.f_copy_(&saved))?;
        }
        match &mut self.lecam {
            Some(lecam) => lecam.restore(self.store.device(), find),
            None => Ok(()),
        }
    }
}
