//! Masked text prediction.

use serde::{Deserialize, Serialize};
use tch::{Kind, Reduction, Tensor, nn};
use vq_core::Mode;
use vq_nn::{AttentionMask, BlockInputs, BlockStack, Dropout, InputError, check_kind, check_option, check_range};

use crate::batch::CaptionBatch;
use crate::config::CaptionConfig;
use crate::error::CaptionError;
use crate::memory::Memory;
use crate::term::{CaptionLossInputs, CaptionLossTerm, CaptionTermLoss};
use crate::token_table::TokenTable;

/// Options of a [`MaskedText`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MaskedTextConfig {
    /// The weight of the term; 0.001 by default, the smallest of LG-VQ's.
    pub weight: f64,
    /// The smallest share of a caption's words that is masked; 0.1 by default.
    pub min_share: f64,
    /// The largest share; 0.3 by default.
    pub max_share: f64,
    /// Share of each target's probability that is spread over all tokens; 0.1 by default.
    pub label_smoothing: f64,
    /// Blocks; 1 by default.
    pub layers: i64,
}

impl Default for MaskedTextConfig {
    fn default() -> Self {
        Self { weight: 0.001, min_share: 0.1, max_share: 0.3, label_smoothing: 0.1, layers: 1 }
    }
}

impl MaskedTextConfig {
    /// Checks every option.
    ///
    /// # Errors
    /// [`CaptionError::Input`] with the key of the first invalid option.
    pub fn check(&self) -> Result<(), CaptionError> {
        const OP: &str = "MaskedTextConfig";
        let Self { weight, min_share, max_share, label_smoothing, layers } = *self;
        check_option(OP, "weight", weight.is_finite() && weight >= 0.0, "to be finite and 0 or more", weight)?;
        check_option(OP, "min_share", min_share > 0.0 && min_share <= 1.0, "in 0..=1 and not 0", min_share)?;
        let valid = max_share >= min_share && max_share <= 1.0;
        check_option(OP, "max_share", valid, &format!("in {min_share}..=1"), max_share)?;
        check_option(OP, "label_smoothing", (0.0..1.0).contains(&label_smoothing), "in 0..1", label_smoothing)?;
        check_option(OP, "layers", layers >= 1, "to be positive", layers)?;
        Ok(())
    }
}

/// Predicts masked words of a caption from the others and from the image (LG-VQ, NeurIPS 2024, masked text prediction).
///
/// The words attend to each other and, by cross-attention, to the image's positions. Scores are products with the
/// language model's frozen embeddings.
///
/// Parameters: `mask`, `[M]`, the embedding of a masked word; `positions`, `[max_tokens + 1, M]`; `blocks.{i}`, `norm`
/// and `tokens.{input, output, bias}` as in [`CaptionDecoder`](crate::CaptionDecoder).
#[derive(Debug)]
pub struct MaskedText {
    mask: Tensor,
    positions: Tensor,
    stack: BlockStack,
    table: TokenTable,
    config: MaskedTextConfig,
    dropout: f64,
}

impl MaskedText {
    /// Registers the term under `path`. Width, heads, expansion, dropout and limits are those of the options `decoder`, and
    /// `embeddings`, `[V, E]`, those of that decoder.
    ///
    /// # Errors
    /// Those of [`CaptionDecoder::new`](crate::CaptionDecoder::new).
    pub fn new(
        path: &nn::Path,
        decoder: &CaptionConfig,
        config: &MaskedTextConfig,
        embeddings: &Tensor,
    ) -> Result<Self, CaptionError> {
        config.check()?;
        decoder.check()?;
        let width = decoder.width;
        Ok(Self {
            table: TokenTable::new("MaskedText::new", &(path / "tokens"), width, embeddings)?,
            mask: path.randn("mask", &[width], 0.0, 0.02),
            positions: path.randn("positions", &[decoder.max_tokens + 1, width], 0.0, 0.02),
            stack: BlockStack::new(path, config.layers, &decoder.decoder_block(), None),
            config: config.clone(),
            dropout: decoder.dropout,
        })
    }

    /// Draws which words to mask, from libtorch's generator: `[B, T]`, `Bool`. Begin and end tokens are never masked; of each
    /// caption with words, at least one word is masked.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if the captions are not `[B, T]` and `[B]`, `Int64`.
    pub fn draw_mask(&self, batch: &CaptionBatch) -> Result<Tensor, CaptionError> {
        self.check("MaskedText::draw_mask", batch)?;
        let CaptionBatch { ids, lengths } = batch;
        let float = (Kind::Float, ids.device());
        let [images, longest] = [ids.size()[0], ids.size()[1]];
        let positions = Tensor::arange(longest, (Kind::Int64, ids.device())).unsqueeze(0); // [1, T]
        let words = positions.ge(1).logical_and(&positions.lt_tensor(&(lengths - 1).unsqueeze(1))); // [B, T]
        let MaskedTextConfig { min_share, max_share, .. } = self.config;
        let share = Tensor::rand([images, 1], float) * (max_share - min_share) + min_share;
        let count = (words.sum_dim_intlist(1, true, Kind::Float) * share).ceil(); // [B, 1]
        // Tokens that are not words rank after all words.
        let order = Tensor::rand([images, longest], float).where_scalarother(&words, 2.0);
        let rank = order.argsort(1, false).argsort(1, false); // [B, T]
        Ok(rank.lt_tensor(&count).logical_and(&words))
    }

    /// The weighted loss with randomly masked words: a scalar.
    ///
    /// # Errors
    /// Those of [`MaskedText::loss_with_mask`].
    pub fn loss(&self, memory: &Memory, batch: &CaptionBatch, mode: Mode) -> Result<Tensor, CaptionError> {
        self.loss_with_mask(memory, batch, &self.draw_mask(batch)?, mode)
    }

    /// The weighted loss of the tokens where `masked`, `[B, T]`, `Bool`, is true: a scalar, mean over the masked tokens;
    /// zero if there are none.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if something does not fit.
    pub fn loss_with_mask(
        &self,
        memory: &Memory,
        batch: &CaptionBatch,
        masked: &Tensor,
        mode: Mode,
    ) -> Result<Tensor, CaptionError> {
        const OP: &str = "MaskedText::loss";
        self.check(OP, batch)?;
        let CaptionBatch { ids, lengths } = batch;
        let size = ids.size();
        if memory.states.size()[0] != size[0] {
            let (what, expected) = ("token ids", format!("[{}, T]", memory.states.size()[0]));
            return Err(InputError::Shape { op: OP, what, expected, got: size }.into());
        }
        if masked.size() != size {
            let (what, expected) = ("masked", format!("{size:?}"));
            return Err(InputError::Shape { op: OP, what, expected, got: masked.size() }.into());
        }
        if masked.kind() != Kind::Bool {
            let got = format!("{:?}", masked.kind());
            return Err(InputError::Kind { op: OP, what: "masked", expected: "Bool", got }.into());
        }
        let kind = memory.states.kind();
        let dropout = Dropout { probability: self.dropout, mode };
        let positions = Tensor::arange(size[1], (Kind::Int64, ids.device()));
        // The first token is visible even without a caption: a softmax over no keys is NaN.
        let real = positions.unsqueeze(0).lt_tensor(&lengths.clamp_min(1).unsqueeze(1)); // [B, T]
        let real = real.unsqueeze(1).unsqueeze(1); // [B, 1, 1, T]
        let tokens = self.mask.to_kind(kind).where_self(&masked.unsqueeze(2), &self.table.read(ids, kind)); // [B, T, M]
        let tokens = tokens + self.positions.narrow(0, 0, size[1]).to_kind(kind);
        let (memory, mask) = (Some(&memory.states), AttentionMask::Keys(&real));
        let hidden = self.stack.forward(&tokens, &BlockInputs { memory, mask, dropout });
        let targets = ids.index(&[Some(masked)]);
        if targets.numel() == 0 {
            return Ok(hidden.sum(Kind::Float) * 0.0);
        }
        let scores = self.table.score(&hidden.index(&[Some(masked)])); // [masked, V]
        let smoothing = self.config.label_smoothing;
        let loss = scores.cross_entropy_loss(&targets, None::<Tensor>, Reduction::Mean, -100, smoothing);
        Ok(loss * self.config.weight)
    }

    fn check(&self, op: &'static str, batch: &CaptionBatch) -> Result<(), CaptionError> {
        let CaptionBatch { ids, lengths } = batch;
        let limit = self.positions.size()[0];
        let [images, longest] = match ids.size()[..] {
            [images, longest] if images >= 1 && (1..=limit).contains(&longest) => [images, longest],
            _ => {
                let expected = format!("[B, 1..={limit}]");
                return Err(InputError::Shape { op, what: "token ids", expected, got: ids.size() }.into());
            }
        };
        check_kind(op, "token ids", ids)?;
        check_range(op, "token ids", ids, 0..self.table.tokens())?;
        let what = "caption lengths";
        if lengths.size() != [images] {
            return Err(InputError::Shape { op, what, expected: format!("[{images}]"), got: lengths.size() }.into());
        }
        check_kind(op, what, lengths)?;
        Ok(check_range(op, what, lengths, 0..longest + 1)?)
    }
}

impl CaptionLossTerm for MaskedText {
    fn name(&self) -> &'static str {
        "masked_text"
    }

    fn compute(&self, inputs: &CaptionLossInputs<'_>) -> Result<Option<CaptionTermLoss>, CaptionError> {
        Ok(Some(CaptionTermLoss::weighted(self.loss(inputs.memory, inputs.batch, inputs.mode)?)))
    }
}
