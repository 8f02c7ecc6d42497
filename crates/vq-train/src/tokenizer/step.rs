//! One optimizer step of a tokenizer.

use tch::Tensor;
use vq_core::{CoreError, Mode, Quantized};
use vq_experiment::{ConfigError, Learn, Loss};
use vq_model::{Encoded, ImageTokenizer, ModelError, Reconstruction};
use vq_pipeline::{CaptionHead, RngGuard};
use vq_random::derive_seed;

use super::captions::{CaptionTerms, caption_terms};
use super::discriminator_trainer::{DiscriminatorGradient, DiscriminatorTrainer};
use crate::engine::StepFigures;
use crate::{ModelOptimizer, StepResult, StepSums, TrainError};

/// Separates the random numbers of captions from those of the tokenizer's pass.
const CAPTIONS: u64 = 1;

/// What a step uses and does not change.
pub(super) struct StepInputs<'a> {
    pub(super) tokenizer: &'a ImageTokenizer,
    pub(super) captions: Option<&'a CaptionHead>,
    pub(super) learns: Learn,
    /// From 1.
    pub(super) step: u64,
    /// Micro-batches in a step.
    pub(super) accumulate: u64,
    pub(super) learning_rate: f64,
}

/// The data of one forward and backward pass.
pub(super) struct MicroBatch {
    /// `[B, 3, S, S]`.
    pub(super) images: Tensor,
    /// One for each image that has any.
    pub(super) captions: Vec<Option<String>>,
    /// The seed of the pass.
    pub(super) seed: u64,
}

/// What a step trains, and the loss.
#[derive(Debug)]
pub(super) struct Learner {
    /// The image loss.
    pub(super) loss: Loss,
    /// Over all parameters of the tokenizer.
    pub(super) optimizer: ModelOptimizer,
    pub(super) discriminator: Option<DiscriminatorTrainer>,
}

impl Learner {
    /// Takes a step down the mean of the micro-batches' losses, which is the loss of one large batch unless a layer has
    /// statistics over the batch. It does not wait for the device.
    ///
    /// One pass of encoder and decoder serves the tokenizer and the discriminator. All micro-batches of `next` are
    /// drawn in any case, so that the position in the data is known beforehand.
    /// If a loss or gradient of either side is not finite, nothing is changed, which the device decides by itself.
    pub(super) fn step(
        &mut self,
        inputs: &StepInputs<'_>,
        mut next: impl FnMut() -> Result<MicroBatch, TrainError>,
    ) -> Result<StepResult, TrainError> {
        let mut sums: Option<StepSums> = None;
        let (mut rejected, mut ids, mut latents) = (None, Vec::new(), Vec::new());
        for _ in 0..inputs.accumulate {
            let batch = next()?;
            if rejected.is_some() {
                continue;
            }
            let pass = match forward(inputs, &batch) {
                Ok(pass) => pass,
                Err(ModelError::Quantizer(error @ CoreError::NotFinite { .. })) => {
                    rejected = Some(error.to_string());
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let of_batch = match &pass {
                Pass::Whole(pass) => self.micro_step(inputs, &batch, pass)?,
                Pass::Codes(encoded) => self.caption_step(inputs, &batch, encoded)?,
            };
            let Encoded { latents: of_pass, quantized } = pass.encoded();
            sums = StepSums::add(sums, of_batch);
            ids.push(quantized.indices);
            latents.push(of_pass.detach());
        }
        let (Some(StepSums { gradient, discriminator, mut figures }), None) = (sums, &rejected) else {
            let all_finite = Tensor::from(false).to_device(self.optimizer.adam().values().device());
            return Ok(StepResult { figures: StepFigures::default(), all_finite, rejected, ids, latents });
        };
        figures.push("gradient_norm", gradient.norm());
        if let Some(gradient) = &discriminator {
            figures.push("discriminator_gradient_norm", gradient.norm());
        }
        let all_finite = figures.all_finite();
        self.optimizer.step(gradient, inputs.learning_rate, &all_finite);
        if let (Some(trainer), Some(gradient)) = (&mut self.discriminator, discriminator) {
            trainer.step(gradient, inputs.learning_rate, &all_finite);
        }
        Ok(StepResult { figures, all_finite, rejected, ids, latents })
    }

    /// Gradients and figures of one micro-batch, each times its share of the step.
    fn micro_step(
        &mut self,
        inputs: &StepInputs<'_>,
        batch: &MicroBatch,
        pass: &Reconstruction,
    ) -> Result<StepSums, TrainError> {
        let share = 1.0 / inputs.accumulate as f64;
        let losses = self.loss.losses(pass, &batch.images)?;
        let mut figures = StepFigures::default();
        let term = match &self.discriminator {
            Some(trainer) => {
                let last_weight = inputs.tokenizer.last_weight();
                trainer.adversary.generator_term(inputs.step, &losses.reconstruction, &pass.images, last_weight)?
            }
            None => None,
        };
        let (mut total, reconstruction) = match &term {
            Some(term) => {
                figures.push("adversarial", term.gan.shallow_clone());
                figures.push("adaptive_weight", term.adaptive_weight.shallow_clone());
                (term.total(&losses), term.nll.detach())
            }
            None => (losses.total(), losses.reconstruction.detach()),
        };
        if let Some(captions) = inputs.captions {
            total += add_captions(&mut figures, captions, inputs, batch, &pass.latents, &pass.quantized)?;
        }
        let gradient = self.optimizer.gradient(&(&total * share))?;
        figures.push("loss", total.detach());
        figures.push("reconstruction", reconstruction);
        figures.push("codebook", losses.codebook.detach());
        losses.terms.into_iter().for_each(|(name, term)| figures.push(name, term));
        let discriminator = match &mut self.discriminator {
            Some(trainer) => trainer.gradient(inputs.step, &batch.images, &pass.images, share)?,
            None => None,
        };
        let discriminator = discriminator.map(|DiscriminatorGradient { gradient, terms }| {
            terms.into_iter().for_each(|(name, term)| figures.push(name, term));
            gradient
        });
        Ok(StepSums { gradient, discriminator, figures: figures.scaled(share) })
    }

    /// As [`Learner::micro_step`], if only captions are trained.
    fn caption_step(
        &mut self,
        inputs: &StepInputs<'_>,
        batch: &MicroBatch,
        encoded: &Encoded,
    ) -> Result<StepSums, TrainError> {
        let share = 1.0 / inputs.accumulate as f64;
        let mut figures = StepFigures::default();
        let captions = inputs.captions.ok_or_else(|| {
            ConfigError::value("start.learn", "a `captions` table if only captions are trained", "none")
        })?;
        let Encoded { latents, quantized } = encoded;
        let total = add_captions(&mut figures, captions, inputs, batch, latents, quantized)?;
        let gradient = self.optimizer.gradient(&(&total * share))?;
        figures.push("loss", total.detach());
        Ok(StepSums::new(gradient, figures.scaled(share)))
    }
}

/// Adds the figures of captions; returns their weighted loss.
fn add_captions(
    figures: &mut StepFigures,
    captions: &CaptionHead,
    inputs: &StepInputs<'_>,
    batch: &MicroBatch,
    latents: &Tensor,
    quantized: &Quantized,
) -> Result<Tensor, TrainError> {
    let _guard = RngGuard::seeded(derive_seed(batch.seed, CAPTIONS));
    let CaptionTerms { total, figures: terms } =
        caption_terms(captions, inputs.step, latents, quantized, &batch.captions)?;
    terms.into_iter().for_each(|(name, figure)| figures.push(name, figure));
    Ok(total)
}

/// What a step needs of the tokenizer.
enum Pass {
    /// If the tokenizer is trained.
    Whole(Reconstruction),
    /// If only captions are trained: off the graph, without dropout or sampling, as the codes will be used.
    Codes(Encoded),
}

impl Pass {
    fn encoded(self) -> Encoded {
        match self {
            Self::Whole(Reconstruction { latents, quantized, .. }) => Encoded { latents, quantized },
            Self::Codes(encoded) => encoded,
        }
    }
}

fn forward(inputs: &StepInputs<'_>, batch: &MicroBatch) -> Result<Pass, ModelError> {
    // Nothing is drawn after the pass, except for captions, with their own seed.
    let _guard = RngGuard::seeded(batch.seed);
    let tokenizer = inputs.tokenizer;
    match inputs.learns {
        Learn::All => tokenizer.reconstruct(&batch.images, Mode::Train).map(Pass::Whole),
        Learn::Captions => tch::no_grad(|| tokenizer.quantize(&batch.images, Mode::Eval)).map(Pass::Codes),
    }
}
