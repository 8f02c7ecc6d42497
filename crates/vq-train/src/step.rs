//! One optimizer step.

use std::collections::BTreeMap;

use tch::Tensor;
use vq_core::{CoreError, Mode, Quantized};
use vq_model::{Encoded, ImageTokenizer, ModelError, Reconstruction};

use crate::captions::CaptionTerms;
use crate::figures::Figures;
use crate::opponent::{Lesson, Opponent};
use crate::randomness::{Turn, mix};
use crate::{Adam, CaptionHead, Gradient, Learn, Loss, TrainError, WeightAverage};

/// Keeps the draws of captions apart from those of the tokenizer's pass.
const CAPTIONS: u64 = 1;

/// What a step works with, and does not change.
pub(crate) struct StepInputs<'a> {
    pub(crate) tokenizer: &'a ImageTokenizer,
    pub(crate) captions: Option<&'a CaptionHead>,
    pub(crate) learns: Learn,
    /// From 1.
    pub(crate) step: u64,
    /// Micro-batches in a step.
    pub(crate) accumulate: u64,
    pub(crate) learning_rate: f64,
}

/// One forward and backward pass.
pub(crate) struct MicroBatch {
    /// `[B, 3, S, S]`.
    pub(crate) images: Tensor,
    /// One for each image that has any.
    pub(crate) captions: Vec<Option<String>>,
    /// Of whatever the pass draws.
    pub(crate) seed: u64,
}

/// What learns in a step.
#[derive(Debug)]
pub(crate) struct Learner {
    /// What is minimized.
    pub(crate) loss: Loss,
    /// Of all parameters of the tokenizer.
    pub(crate) adam: Adam,
    /// Of the same parameters.
    pub(crate) average: Option<WeightAverage>,
    pub(crate) opponent: Option<Opponent>,
}

/// What a step left behind, still on its device.
#[derive(Debug)]
pub(crate) struct Taken {
    /// The step's figures: scalars by name.
    figures: Figures,
    /// `Bool` scalar: whether the step changed the parameters.
    pub(crate) consent: Tensor,
    /// Why the quantizer refused a pass, if it did.
    refused: Option<String>,
    /// `[B, H, W, S]` of each micro-batch that went through.
    pub(crate) ids: Vec<Tensor>,
    /// `[B, C, H, W]` of each micro-batch that went through, off the graph.
    pub(crate) latents: Vec<Tensor>,
}

/// What came of a step.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// The figures by name.
    Good(BTreeMap<&'static str, f64>),
    /// Nothing has changed, for this reason.
    Skipped(String),
}

/// The passes of a step so far.
struct Sums {
    gradient: Gradient,
    /// Of the discriminator, where it learns.
    lesson: Option<Gradient>,
    figures: Figures,
}

impl Learner {
    /// Takes a step down the mean of the micro-batches' losses, which is the loss of one large batch unless a layer has
    /// statistics over the batch. Waits for the device nowhere by itself.
    ///
    /// One pass of encoder and decoder serves the tokenizer and the discriminator. Each of `next`'s micro-batches is
    /// taken, come what may, so that the position in the data is known beforehand.
    /// If a loss or gradient of either side is not finite, nothing is changed, which the device decides alone.
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
            let pass = match forward(inputs, &batch) {
                Ok(pass) => pass,
                Err(ModelError::Quantizer(error @ CoreError::NotFinite { .. })) => {
                    refused = Some(error.to_string());
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let of_batch = match &pass {
                Pass::Whole(pass) => self.micro_step(inputs, &batch, pass)?,
                Pass::Codes(encoded) => self.caption_step(inputs, &batch, encoded)?,
            };
            let Encoded { latents: of_pass, quantized } = pass.encoded();
            sums = Some(match sums {
                None => of_batch,
                Some(sums) => sums.plus(of_batch),
            });
            ids.push(quantized.indices);
            latents.push(of_pass.detach());
        }
        let (Some(Sums { gradient, lesson, mut figures }), None) = (sums, &refused) else {
            let consent = Tensor::from(false).to_device(self.adam.values().device());
            return Ok(Taken { figures: Figures::default(), consent, refused, ids, latents });
        };
        figures.push("gradient_norm", gradient.norm());
        if let Some(lesson) = &lesson {
            figures.push("discriminator_gradient_norm", lesson.norm());
        }
        let consent = figures.are_finite();
        self.adam.step(gradient, inputs.learning_rate, &consent);
        if let Some(average) = &mut self.average {
            average.update(&self.adam, &consent);
        }
        if let (Some(opponent), Some(lesson)) = (&mut self.opponent, lesson) {
            let share = opponent.adversary.config().learning_rate_share;
            opponent.adam.step(lesson, inputs.learning_rate * share, &consent);
        }
        Ok(Taken { figures, consent, refused, ids, latents })
    }

    /// Gradients and figures of one micro-batch, each times its share of the step.
    fn micro_step(
        &mut self,
        inputs: &StepInputs<'_>,
        batch: &MicroBatch,
        pass: &Reconstruction,
    ) -> Result<Sums, TrainError> {
        let share = 1.0 / inputs.accumulate as f64;
        let mut losses = self.loss.losses(pass, &batch.images)?;
        let mut figures = Figures::default();
        if let Some(Opponent { adversary, .. }) = &self.opponent {
            let last_weight = inputs.tokenizer.last_weight();
            let term = adversary.generator_term(inputs.step, &losses.reconstruction, &pass.images, last_weight)?;
            if let Some(term) = term {
                figures.push("adversarial", term.gan.shallow_clone());
                figures.push("adaptive_weight", term.adaptive_weight.shallow_clone());
                losses = losses.with_adversary(&term);
            }
        }
        let mut total = losses.total.shallow_clone();
        if let Some(captions) = inputs.captions {
            total += figures.take_captions(caption_terms(captions, inputs, batch, &pass.latents, &pass.quantized)?);
        }
        let gradient = self.adam.gradient(&(&total * share))?;
        figures.push("loss", total.detach());
        figures.push("reconstruction", losses.reconstruction.detach());
        figures.push("codebook", losses.codebook.detach());
        for (name, term) in
            [("perceptual", &losses.perceptual), ("ms_ssim", &losses.ms_ssim), ("laplacian", &losses.laplacian)]
        {
            term.iter().for_each(|term| figures.push(name, term.shallow_clone()));
        }
        let lesson = match &mut self.opponent {
            Some(opponent) => opponent.lesson(inputs.step, &batch.images, &pass.images, share)?,
            None => None,
        };
        let lesson = lesson.map(|Lesson { gradient, terms }| {
            terms.into_iter().for_each(|(name, term)| figures.push(name, term));
            gradient
        });
        Ok(Sums { gradient, lesson, figures: figures.times(share) })
    }

    /// As [`Learner::micro_step`], where nothing but captions learns.
    fn caption_step(
        &mut self,
        inputs: &StepInputs<'_>,
        batch: &MicroBatch,
        encoded: &Encoded,
    ) -> Result<Sums, TrainError> {
        let share = 1.0 / inputs.accumulate as f64;
        let mut figures = Figures::default();
        let captions = inputs.captions.ok_or_else(|| TrainError::Option {
            key: "start.learn",
            expected: "a `captions` table where only captions learn".into(),
            got: "none".into(),
        })?;
        let Encoded { latents, quantized } = encoded;
        let total = figures.take_captions(caption_terms(captions, inputs, batch, latents, quantized)?);
        let gradient = self.adam.gradient(&(&total * share))?;
        figures.push("loss", total.detach());
        Ok(Sums { gradient, lesson: None, figures: figures.times(share) })
    }
}

impl Sums {
    fn plus(mut self, other: Self) -> Self {
        self.gradient.accumulate(&other.gradient);
        if let (Some(lesson), Some(other)) = (&mut self.lesson, &other.lesson) {
            lesson.accumulate(other);
        }
        Self { figures: self.figures.plus(other.figures), ..self }
    }
}

/// What the captions of a batch cost.
fn caption_terms(
    captions: &CaptionHead,
    inputs: &StepInputs<'_>,
    batch: &MicroBatch,
    latents: &Tensor,
    quantized: &Quantized,
) -> Result<CaptionTerms, TrainError> {
    let _turn = Turn::seeded(mix(batch.seed, CAPTIONS));
    captions.terms(inputs.step, latents, quantized, &batch.captions)
}

impl Figures {
    /// Takes the figures of captions in, and gives their cost.
    fn take_captions(&mut self, terms: CaptionTerms) -> Tensor {
        terms.figures.into_iter().for_each(|(name, figure)| self.push(name, figure));
        terms.total
    }
}

/// What a step needs of the tokenizer.
enum Pass {
    /// Where it learns.
    Whole(Reconstruction),
    /// Where only captions learn: off the graph, and as it will be used, with nothing dropped or drawn.
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
    let _turn = Turn::seeded(batch.seed); // what follows draws nothing, but for captions, which have a seed of their own
    let tokenizer = inputs.tokenizer;
    match inputs.learns {
        Learn::All => tokenizer.reconstruct(&batch.images, Mode::Train).map(Pass::Whole),
        Learn::Captions => tch::no_grad(|| tokenizer.quantize(&batch.images, Mode::Eval)).map(Pass::Codes),
    }
}

impl Taken {
    /// A step with figures, of which no codes are known.
    pub(crate) fn of(figures: Figures, consent: Tensor) -> Self {
        Self { figures, consent, refused: None, ids: Vec::new(), latents: Vec::new() }
    }

    /// What came of the step; waits for the device.
    pub(crate) fn verdict(&self) -> Result<Verdict, TrainError> {
        if let Some(reason) = &self.refused {
            return Ok(Verdict::Skipped(reason.clone()));
        }
        let figures = self.figures.read()?;
        let broken = figures.iter().find(|(_, value)| !value.is_finite());
        Ok(match broken {
            Some((name, value)) => Verdict::Skipped(format!("`{name}` is {value}")),
            None => Verdict::Good(figures),
        })
    }
}
