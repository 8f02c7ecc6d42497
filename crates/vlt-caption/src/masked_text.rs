use serde::{Deserialize, Serialize};
use tch::{Kind, Reduction, Tensor, nn};
use vq_core::Mode;
use vq_transformer::{Dropout, InputError, Norm};

use crate::attention::Sight;
use crate::block::DecoderBlock;
use crate::config::check_option;
use crate::decoder::{check_kind, check_range};
use crate::table::TokenTable;
use crate::{CaptionBatch, CaptionConfig, CaptionError, Memory};

/// Options of a [`MaskedText`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MaskedTextConfig {
    /// The weight of the term; 0.001 by default, the least of LG-VQ's.
    pub weight: f64,
    /// The least part of a caption's words that is masked; 0.1 by default.
    pub least: f64,
    /// The largest part; 0.3 by default.
    pub most: f64,
    /// Part of each target's probability that is spread over all tokens; 0.1 by default.
    pub label_smoothing: f64,
    /// Blocks; 1 by default.
    pub layers: i64,
}

impl Default for MaskedTextConfig {
    fn default() -> Self {
        Self { weight: 0.001, least: 0.1, most: 0.3, label_smoothing: 0.1, layers: 1 }
    }
}

impl MaskedTextConfig {
    /// Checks every option.
    ///
    /// # Errors
    /// [`CaptionError::Input`] with the key of the first that makes no sense.
    pub fn check(&self) -> Result<(), CaptionError> {
        const OP: &str = "MaskedTextConfig";
        let Self { weight, least, most, label_smoothing, layers } = *self;
        check_option(OP, "weight", weight.is_finite() && weight >= 0.0, "to be finite and 0 or more", weight)?;
        check_option(OP, "least", least > 0.0 && least <= 1.0, "in 0..=1 and not 0", least)?;
        check_option(OP, "most", most >= least && most <= 1.0, &format!("in {least}..=1"), most)?;
        check_option(OP, "label_smoothing", (0.0..1.0).contains(&label_smoothing), "in 0..1", label_smoothing)?;
        check_option(OP, "layers", layers >= 1, "to be positive", layers)
    }
}

/// Predicts masked words of a caption from the others and from the image (LG-VQ, NeurIPS 2024, masked text prediction).
///
/// The words see each other and, by cross-attention, the image's positions; scores are tied to the language model's
/// frozen embeddings.
///
/// Parameters: `mask`, `[M]`, which stands for a masked word; `positions`, `[max_tokens + 1, M]`; `blocks.{i}`, `norm`
/// and `tokens.{input, output, bias}` as in [`CaptionDecoder`](crate::CaptionDecoder).
#[derive(Debug)]
pub struct MaskedText {
    mask: Tensor,
    positions: Tensor,
    blocks: Vec<DecoderBlock>,
    norm: Norm,
    table: TokenTable,
    config: MaskedTextConfig,
    dropout: f64,
}

impl MaskedText {
    /// Registers the term under `path`, for the memory of a decoder built with `decoder`, whose width, heads,
    /// expansion, dropout and limits it shares, and with the same embeddings `[V, E]`.
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
            blocks: (0..config.layers).map(|layer| DecoderBlock::new(&(path / "blocks" / layer), decoder)).collect(),
            norm: Norm::new(&(path / "norm"), width),
            config: config.clone(),
            dropout: decoder.dropout,
        })
    }

    /// Draws which words to mask, by torch's generator: `[B, T]`, `Bool`. Tokens that begin and end a caption stay;
    /// of each caption with words at least one is masked.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if the captions are not `[B, T]` and `[B]`, `Int64`.
    pub fn draw(&self, batch: &CaptionBatch) -> Result<Tensor, CaptionError> {
        self.check("MaskedText::draw", batch)?;
        let CaptionBatch { ids, lengths } = batch;
        let float = (Kind::Float, ids.device());
        let [images, longest] = [ids.size()[0], ids.size()[1]];
        let places = Tensor::arange(longest, (Kind::Int64, ids.device())).unsqueeze(0); // [1, T]
        let words = places.ge(1).logical_and(&places.lt_tensor(&(lengths - 1).unsqueeze(1))); // [B, T]
        let part = Tensor::rand([images, 1], float) * (self.config.most - self.config.least) + self.config.least;
        let count = (words.sum_dim_intlist(1, true, Kind::Float) * part).ceil(); // [B, 1]
        // What is no word comes after all words.
        let order = Tensor::rand([images, longest], float).where_scalarother(&words, 2.0);
        let rank = order.argsort(1, false).argsort(1, false); // [B, T]
        Ok(rank.lt_tensor(&count).logical_and(&words))
    }

    /// The weighted term with words masked at random: a scalar.
    ///
    /// # Errors
    /// Those of [`MaskedText::loss_at`].
    pub fn loss(&self, memory: &Memory, batch: &CaptionBatch, mode: Mode) -> Result<Tensor, CaptionError> {
        self.loss_at(memory, batch, &self.draw(batch)?, mode)
    }

    /// The weighted term where `masked`, `[B, T]`, `Bool`, is true: a scalar, mean over the masked tokens; zero if
    /// there are none.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if something does not fit.
    pub fn loss_at(
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
        let places = Tensor::arange(size[1], (Kind::Int64, ids.device()));
        // The first token is seen even in an image without caption: a softmax over nothing is no number.
        let real = places.unsqueeze(0).lt_tensor(&lengths.clamp_min(1).unsqueeze(1)); // [B, T]
        let real = real.unsqueeze(1).unsqueeze(1); // [B, 1, 1, T]
        let tokens = self.mask.to_kind(kind).where_self(&masked.unsqueeze(2), &self.table.read(ids, kind)); // [B, T, M]
        let states = dropout.apply(&(tokens + self.positions.narrow(0, 0, size[1]).to_kind(kind)));
        let states = self.blocks.iter().fold(states, |states, block| {
            block.forward(&states, &block.read_source(&memory.states), Sight::Keys(&real), dropout)
        });
        let hidden = self.norm.forward(&states);
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
        check_range(op, what, lengths, 0..longest + 1)
    }
}
