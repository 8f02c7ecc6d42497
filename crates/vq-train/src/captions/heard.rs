use serde::{Deserialize, Serialize};
use tch::Tensor;
use vq_core::Mode;

use super::CaptionHead;
use crate::TrainError;

/// How well the translation module says what the captions of the validation set say.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaptionFigures {
    /// Mean cross-entropy of a token given the image and the tokens before it, in nats.
    pub negative_log_likelihood: f64,
    /// Part of the tokens that were thought likeliest, given those before them.
    pub accuracy: f64,
}

/// An image's caption, and what the module says of its codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToldImage {
    /// Its index in the validation set.
    pub image: usize,
    /// Its caption, if it has one.
    pub caption: Option<String>,
    /// What the module says, greedily.
    pub told: String,
}

/// Sums over the validation set.
#[derive(Debug, Default)]
pub(crate) struct CaptionSums {
    negative_log_likelihood: f64,
    right: f64,
    tokens: f64,
}

impl CaptionSums {
    /// Takes a batch's codes `[B, C, H, W]` and captions in.
    pub(crate) fn update(
        &mut self,
        head: &CaptionHead,
        codes: &Tensor,
        captions: &[Option<String>],
    ) -> Result<(), TrainError> {
        let batch = head.language().vocabulary().map().batch(&head.encode(captions)?).to_device(codes.device());
        let loss = head.translator.loss(codes, &batch, Mode::Eval)?;
        let tokens = loss.tokens.int64_value(&[]) as f64;
        self.negative_log_likelihood += loss.negative_log_likelihood.double_value(&[]) * tokens;
        self.right += loss.accuracy.double_value(&[]) * tokens;
        self.tokens += tokens;
        Ok(())
    }

    /// The negative log-likelihood of all captions together, in nats.
    pub(crate) fn nats(&self) -> f64 {
        self.negative_log_likelihood
    }

    /// The means over all tokens; none without captions.
    pub(crate) fn compute(&self) -> Option<CaptionFigures> {
        let Self { negative_log_likelihood, right, tokens } = *self;
        (tokens > 0.0).then(|| CaptionFigures {
            negative_log_likelihood: negative_log_likelihood / tokens,
            accuracy: right / tokens,
        })
    }
}

impl CaptionHead {
    /// What the module says of codes `[B, C, H, W]`, greedily: a caption for each.
    ///
    /// # Errors
    /// [`TrainError::Option`] if the module [never learned to](Self::translates); [`TrainError::Caption`] if the codes do
    /// not fit, or scores are not finite.
    pub fn tell(&self, codes: &Tensor) -> Result<Vec<String>, TrainError> {
        let _no_gradients = tch::no_grad_guard();
        let memory = self.translator.encode(codes, Mode::Eval)?;
        let captions = self.captioner()?.greedy(&memory)?;
        let vocabulary = self.language().vocabulary();
        captions.iter().map(|caption| Ok(vocabulary.decode(&caption.ids)?)).collect()
    }
}
