//! Sums over the micro-batches of a step.

use crate::Gradient;
use crate::engine::StepFigures;

/// Gradients and figures of a step, summed over its micro-batches, each of which contributes its share.
#[derive(Debug)]
pub struct StepSums {
    /// The gradient by the model's parameters.
    pub gradient: Gradient,
    /// The gradient by the discriminator's parameters, if it is trained.
    pub discriminator: Option<Gradient>,
    pub(crate) figures: StepFigures,
}

impl StepSums {
    /// The gradient and figures of a model without discriminator.
    pub(crate) fn new(gradient: Gradient, figures: StepFigures) -> Self {
        Self { gradient, discriminator: None, figures }
    }

    /// The sums of both.
    #[must_use]
    pub(crate) fn plus(mut self, other: Self) -> Self {
        self.gradient.accumulate(&other.gradient);
        if let (Some(gradient), Some(other)) = (&mut self.discriminator, &other.discriminator) {
            gradient.accumulate(other);
        }
        Self { figures: self.figures.plus(other.figures), ..self }
    }

    /// Adds the sums of a micro-batch to those before it.
    pub(crate) fn add(sums: Option<Self>, other: Self) -> Option<Self> {
        Some(match sums {
            None => other,
            Some(sums) => sums.plus(other),
        })
    }
}
