//! The loss of captions, and their probability.

use tch::{Device, Kind, Reduction, Tensor};
use vq_core::Mode;

use vq_transformer::InputError;

use crate::decoder::{check_kind, check_range};
use crate::{CaptionDecoder, CaptionError, Memory};

/// Captions, one for each image.
#[derive(Debug)]
pub struct CaptionBatch {
    /// `[B, T]`, `Int64`: from the token that begins a caption to the one that ends it, then anything in `0..V`.
    pub ids: Tensor,
    /// `[B]`, `Int64`, in `0..=T`: the tokens of each caption that are not padding; an image with fewer than two has
    /// no caption, and counts nothing.
    pub lengths: Tensor,
}

impl CaptionBatch {
    /// The same on a device.
    pub fn to_device(&self, device: Device) -> Self {
        Self { ids: self.ids.to_device(device), lengths: self.lengths.to_device(device) }
    }
}

/// What captions cost.
#[derive(Debug)]
pub struct CaptionLoss {
    /// Scalar: label-smoothed cross-entropy of the next token, mean over the real tokens of the batch; zero if there
    /// are none.
    pub loss: Tensor,
    /// Scalar, off the graph: cross-entropy without smoothing, in nats a token.
    pub negative_log_likelihood: Tensor,
    /// Scalar, off the graph: part of the real tokens that were thought likeliest.
    pub accuracy: Tensor,
    /// Scalar, `Int64`: the real tokens, by which a mean over batches weighs.
    pub tokens: Tensor,
}

impl CaptionDecoder {
    /// The loss of captions for images of codes `[B, C, H, W]`; its gradient reaches the codes.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if codes or captions do not fit.
    pub fn loss(&self, codes: &Tensor, batch: &CaptionBatch, mode: Mode) -> Result<CaptionLoss, CaptionError> {
        let memory = self.encode(codes, mode)?;
        self.loss_of(&memory, batch, mode)
    }

    /// As [`CaptionDecoder::loss`], for images that were read already.
    ///
    /// # Errors
    /// Those of [`CaptionDecoder::loss`].
    pub fn loss_of(&self, memory: &Memory, batch: &CaptionBatch, mode: Mode) -> Result<CaptionLoss, CaptionError> {
        let next = self.next_tokens("CaptionDecoder::loss", memory, batch)?;
        let count = next.targets.size()[0];
        let tokens = Tensor::from(count).to_device(memory.states.device());
        let hidden = self.hidden(memory, &next.inputs, mode);
        if count == 0 {
            // On the graph like any other loss, so that a step needs no special case.
            let loss = hidden.sum(Kind::Float) * 0.0;
            let zero = loss.detach();
            return Ok(CaptionLoss { loss, accuracy: zero.copy(), negative_log_likelihood: zero, tokens });
        }
        // Padding is left out before the scores, by far the largest tensor.
        let scores = self.score(&hidden.index(&[Some(&next.real)])); // [tokens, V]
        let entropy = |scores: &Tensor, smoothing| {
            scores.cross_entropy_loss(&next.targets, None::<Tensor>, Reduction::Mean, -100, smoothing)
        };
        let right = scores.detach().argmax(-1, false).eq_tensor(&next.targets);
        Ok(CaptionLoss {
            loss: entropy(&scores, self.config().label_smoothing),
            negative_log_likelihood: entropy(&scores.detach(), 0.0),
            accuracy: right.to_kind(scores.kind()).mean(scores.kind()),
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

    /// Each token beside the one that follows it.
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
        let places = Tensor::arange_start(1, length, (Kind::Int64, ids.device()));
        let real = places.unsqueeze(0).lt_tensor(&lengths.unsqueeze(1)); // [B, T - 1]
        let targets = ids.narrow(1, 1, length - 1).index(&[Some(&real)]);
        Ok(NextTokens { inputs: ids.narrow(1, 0, length - 1), targets, real })
    }
}

struct NextTokens {
    /// `[B, T - 1]`.
    inputs: Tensor,
    /// `[tokens]`, of the real ones.
    targets: Tensor,
    /// `[B, T - 1]`, `Bool`.
    real: Tensor,
}
