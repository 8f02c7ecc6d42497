//! The translation term.

use tch::Kind;

use crate::error::CaptionError;
use crate::term::{CaptionLossInputs, CaptionLossTerm, CaptionTermLoss, TermFigure};

/// The cross-entropy of captions given the codes ([`CaptionDecoder::loss`](crate::CaptionDecoder::loss)).
///
/// It is logged before its weight, as `translation`, and the accuracy of the next token as `translation_accuracy`.
#[derive(Debug)]
pub struct Translation {
    /// The weight of the term.
    pub weight: f64,
}

impl CaptionLossTerm for Translation {
    fn name(&self) -> &'static str {
        "translation"
    }

    fn compute(&self, inputs: &CaptionLossInputs<'_>) -> Result<Option<CaptionTermLoss>, CaptionError> {
        let loss = inputs.decoder.loss_from_memory(inputs.memory, inputs.batch, inputs.mode)?;
        Ok(Some(CaptionTermLoss {
            logged: loss.loss.detach(),
            weighted: loss.loss.to_kind(Kind::Float) * self.weight,
            figures: vec![TermFigure { name: "translation_accuracy", value: loss.accuracy }],
        }))
    }
}
