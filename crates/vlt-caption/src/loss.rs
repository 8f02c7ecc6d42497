//! The translation loss, and the probability of captions.

use tch::{Kind, Reduction, Tensor};
use vq_core::Mode;
use vq_nn::{InputError, check_kind, check_range};

use crate::batch::CaptionBatch;
use crate::decoder::CaptionDecoder;
use crate::error::CaptionError;
use crate::memory::Memory;

/// The loss of a batch of captions.
#[derive(Debug)]
pub struct CaptionLoss {
    /// Scalar: label-smoothed cross-entropy of the next token, mean over the tokens of the batch without padding; zero if
    /// there are none.
    pub loss: Tensor,
    /// Scalar without gradient: cross-entropy without smoothing, in nats per token.
    pub negative_log_likelihood: Tensor,
    /// Scalar without gradient: share of the tokens that were predicted correctly.
    pub accuracy: Tensor,
    /// Scalar, `Int64`: the number of tokens, the weight of this batch in a mean over batches.
    pub tokens: Tensor,
}

impl CaptionDecoder {
    /// The loss of captions for images of codes `[B, C, H, W]`; its gradient reaches the codes.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if codes or captions do not fit.
    pub fn loss(&self, codes: &Tensor, batch: &CaptionBatch, mode: Mode) -> Result<CaptionLoss, CaptionError> {
        let memory = self.encode(codes, mode)?;
        self.loss_from_memory(&memory, batch, mode)
    }

    /// As [`CaptionDecoder::loss`], for encoded images.
    ///
    /// # Errors
    /// Those of [`CaptionDecoder::loss`].
    pub fn loss_from_memory(
        &self,
        memory: &Memory,
        batch: &CaptionBatch,
        mode: Mode,
    ) -> Result<CaptionLoss, CaptionError> {
        let next = self.next_tokens("CaptionDecoder::loss", memory, batch)?;
        let count = next.targets.size()[0];
        let tokens = Tensor::from(count).to_device(memory.states.device());
        let hidden = self.hidden(memory, &next.inputs, mode);
        if count == 0 {
            // With gradients like any other loss, so that a training step needs no special case.
            let loss = hidden.sum(Kind::Float) * 0.0;
            let zero = loss.detach();
            return Ok(CaptionLoss { loss, accuracy: zero.copy(), negative_log_likelihood: zero, tokens });
        }
        // Padding is removed before the scores, by far the largest tensor.
        let scores = self.score(&hidden.index(&[Some(&next.real)])); // [tokens, V]
        let entropy = |scores: &Tensor, smoothing| {
            scores.cross_entropy_loss(&next.targets, None::<Tensor>, Reduction::Mean, -100, smoothing)
        };
        let correct = scores.detach().argmax(-1, false).eq_tensor(&next.targets);
        Ok(CaptionLoss {
            loss: entropy(&scores, self.config().label_smoothing),
            negative_log_likelihood: entropy(&scores.detach(), 0.0),
            accuracy: correct.to_kind(scores.kind()).mean(scores.kind()),
            tokens,
        })
    }

    /// Log-probability of each caption given its image, `[B]`: the sum over the tokens after the first.
    ///
    /// # Errors
    /// Those of [`CaptionDecoder::loss`].
    pub fn log_probability(&self, memory: &Memory, batch: &CaptionBatch) -> Result<Tensor, CaptionError> {
        let next = self.next_tokens("CaptionDecoder::log_probability", memory, batch)?;
        let scores = self.score(&self.hidden(memory, &next.inputs, Mode::Eval));
        let targets = batch.ids.narrow(1, 1, batch.ids.size()[1] - 1).unsqueeze(-1);
        let log_probabilities = scores.log_softmax(-1, scores.kind()).gather(-1, &targets, false).squeeze_dim(-1);
        let kept = log_probabilities.where_scalarother(&next.real, 0.0); // [B, T - 1]
        Ok(kept.sum_dim_intlist(1, false, scores.kind()))
    }

    /// Pairs each token with the next.
    fn next_tokens(&self, op: &'static str, memory: &Memory, batch: &CaptionBatch) -> Result<NextTokens, CaptionError> {
        let CaptionBatch { ids, lengths } = batch;
        self.check_ids(op, memory, ids, self.config().max_tokens + 1)?;
        let [images, length] = [ids.size()[0], ids.size()[1]];
        let what = "caption lengths";
        if lengths.size() != [images] {
            return Err(InputError::Shape { op, what, expected: format!("[{images}]"), got: lengths.size() }.into());
        }
        check_kind(op, what, lengths)?;
        check_range(op, what, lengths, 0..length + 1)?;
        if length < 2 {
            let expected = format!("[{images}, 2..]");
            return Err(InputError::Shape { op, what: "token ids", expected, got: ids.size() }.into());
        }
        let positions = Tensor::arange_start(1, length, (Kind::Int64, ids.device()));
        let real = positions.unsqueeze(0).lt_tensor(&lengths.unsqueeze(1)); // [B, T - 1]
        let targets = ids.narrow(1, 1, length - 1).index(&[Some(&real)]);
        Ok(NextTokens { inputs: ids.narrow(1, 0, length - 1), targets, real })
    }
}

struct NextTokens {
    /// `[B, T - 1]`.
    inputs: Tensor,
    /// `[tokens]`, without padding.
    targets: Tensor,
    /// `[B, T - 1]`, `Bool`: false for padding.
    real: Tensor,
}
