//! The likelihood of true captions given codes.

use tch::Tensor;
use vq_core::Mode;
use vq_run::CaptionFigures;

use crate::{CaptionHead, PipelineError};

/// Accumulates the likelihood that a caption decoder gives to true captions.
#[derive(Debug, Default)]
pub struct CaptionLikelihood {
    negative_log_likelihood: f64,
    correct: f64,
    tokens: f64,
}

impl CaptionLikelihood {
    /// Takes in the codes `[B, C, H, W]` and captions of a batch.
    ///
    /// # Errors
    /// [`PipelineError::Caption`] if the codes do not fit or the tokenizer rejects a caption.
    pub fn update(
        &mut self,
        head: &CaptionHead,
        codes: &Tensor,
        captions: &[Option<String>],
    ) -> Result<(), PipelineError> {
        let batch = head.language().vocabulary().map().batch(&head.encode(captions)?).to_device(codes.device());
        let loss = head.translator.loss(codes, &batch, Mode::Eval)?;
        let tokens = loss.tokens.int64_value(&[]) as f64;
        self.negative_log_likelihood += loss.negative_log_likelihood.double_value(&[]) * tokens;
        self.correct += loss.accuracy.double_value(&[]) * tokens;
        self.tokens += tokens;
        Ok(())
    }

    /// The negative log-likelihood of all captions together, in nats.
    pub fn nats(&self) -> f64 {
        self.negative_log_likelihood
    }

    /// The means over all tokens; none without captions.
    pub fn compute(&self) -> Option<CaptionFigures> {
        let Self { negative_log_likelihood, correct, tokens } = *self;
        (tokens > 0.0).then(|| CaptionFigures {
            negative_log_likelihood: negative_log_likelihood / tokens,
            accuracy: correct / tokens,
        })
    }
}
