//! One optimizer step.

use tch::{Device, Kind, Tensor};
use vq_core::{CoreError, Mode};
use vq_model::{ImageTokenizer, ModelError, Reconstruction};

use crate::randomness::Turn;
use crate::{Adam, Gradient, LossConfig, TrainError, WeightAverage};

/// What a step works with, and does not change.
pub(crate) struct StepInputs<'a> {
    pub(crate) tokenizer: &'a ImageTokenizer,
    pub(crate) loss: &'a LossConfig,
    /// Micro-batches in a step.
    pub(crate) accumulate: u64,
    pub(crate) learning_rate: f64,
}

/// One forward and backward pass.
pub(crate) struct MicroBatch {
    /// `[B, 3, S, S]`.
    pub(crate) images: Tensor,
    /// Of whatever the pass draws.
    pub(crate) seed: u64,
}

/// What learns in a step.
#[derive(Debug)]
pub(crate) struct Learner {
    /// Of all parameters of the tokenizer.
    pub(crate) adam: Adam,
    /// Of the same parameters.
    pub(crate) average: Option<WeightAverage>,
}

/// What a step left behind, still on its device.
#[derive(Debug)]
pub(crate) struct Taken {
    /// `[4]`: the mean of the micro-batches' total loss, reconstruction term and codebook loss, and the gradient's norm.
    figures: Tensor,
    /// `Bool` scalar: whether the step changed the parameters.
    pub(crate) consent: Tensor,
    /// Why the quantizer refused a pass, if it did.
    refused: Option<String>,
    /// `[B, H, W, S]` of each micro-batch that went through.
    pub(crate) ids: Vec<Tensor>,
    /// `[B, C, H, W]` of each micro-batch that went through, off the graph.
    pub(crate) latents: Vec<Tensor>,
}

/// The figures of a step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StepFigures {
    pub(crate) loss: f64,
    pub(crate) reconstruction: f64,
    pub(crate) codebook: f64,
    /// Before clipping.
    pub(crate) gradient_norm: f64,
}

/// What came of a step.
#[derive(Debug)]
pub(crate) enum Verdict {
    Good(StepFigures),
    /// Nothing has changed, for this reason.
    Skipped(String),
}

/// The passes of a step so far.
struct Sums {
    gradient: Gradient,
    /// `[3]`.
    losses: Tensor,
}

impl Learner {
    /// Takes a step down the mean of the micro-batches' losses, which is the loss of one large batch unless a layer has
    /// statistics over the batch. Waits for the device nowhere by itself.
    ///
    /// Each of `next`'s micro-batches is taken, come what may, so that the position in the data is known beforehand.
    /// If loss or gradient are not finite, nothing is changed, which the device decides alone.
    pub(crate) fn step(
        &mut self,
        inputs: &StepInputs<'_>,
        mut next: impl FnMut() -> Result<MicroBatch, TrainError>,
    ) -> Result<Taken, TrainError> {
        let mut sums: Option<Sums> = None;
        let (mut refused, mut ids, mut latents) = (None, Vec::new(), Vec::new());
        for _ in 0..inputs.accumulate {
            let batch = next()?;
            if refused.is_some() {
                continue;
            }
            let pass = match forward(inputs.tokenizer, &batch) {
                Ok(pass) => pass,
                Err(ModelError::Quantizer(error @ CoreError::NotFinite { .. })) => {
                    refused = Some(error.to_string());
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let losses = inputs.loss.losses(&pass, &batch.images);
            let share = 1.0 / inputs.accumulate as f64;
            // A discriminator's gradient belongs here too: `pass` serves both.
            let gradient = self.adam.gradient(&(&losses.total * share))?;
            let terms = [losses.total.detach(), losses.reconstruction, losses.codebook];
            let terms = Tensor::stack(&terms.map(|term| term.to_kind(Kind::Float)), 0) * share; // [3]
            sums = Some(match sums {
                None => Sums { gradient, losses: terms },
                Some(mut sums) => {
                    sums.gradient.accumulate(&gradient);
                    Sums { losses: sums.losses + terms, ..sums }
                }
            });
            ids.push(pass.quantized.indices);
            latents.push(pass.latents.detach());
        }
        let (Some(Sums { gradient, losses }), None) = (sums, &refused) else {
            let consent = Tensor::from(false).to_device(self.adam.values().device());
            return Ok(Taken { figures: Tensor::from_slice(&[f32::NAN; 4]), consent, refused, ids, latents });
        };
        let figures = Tensor::cat(&[losses, gradient.norm().unsqueeze(0)], 0); // [4]
        let consent = figures.isfinite().all();
        self.adam.step(gradient, inputs.learning_rate, &consent);
        if let Some(average) = &mut self.average {
            average.update(&self.adam, &consent);
        }
        Ok(Taken { figures, consent, refused, ids, latents })
    }
}

fn forward(tokenizer: &ImageTokenizer, batch: &MicroBatch) -> Result<Reconstruction, ModelError> {
    let _turn = Turn::seeded(batch.seed); // what follows the forward pass draws nothing
    tokenizer.reconstruct(&batch.images, Mode::Train)
}

impl Taken {
    /// What came of the step; waits for the device.
    pub(crate) fn verdict(&self) -> Result<Verdict, TrainError> {
        if let Some(reason) = &self.refused {
            return Ok(Verdict::Skipped(reason.clone()));
        }
        let figures = Vec::<f32>::try_from(self.figures.to_device(Device::Cpu))?;
        let [loss, reconstruction, codebook, gradient_norm] = figures[..] else {
            unreachable!("four figures were stacked");
        };
        let named = [
            ("the loss", loss),
            ("the reconstruction loss", reconstruction),
            ("the codebook loss", codebook),
            ("the gradient's norm", gradient_norm),
        ];
        if let Some((name, value)) = named.iter().find(|(_, value)| !value.is_finite()) {
            return Ok(Verdict::Skipped(format!("{name} is {value}")));
        }
        let [loss, reconstruction, codebook, gradient_norm] =
            [loss, reconstruction, codebook, gradient_norm].map(f64::from);
        Ok(Verdict::Good(StepFigures { loss, reconstruction, codebook, gradient_norm }))
    }
}
