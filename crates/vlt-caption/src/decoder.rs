//! The translation module.

use tch::{Tensor, nn};
use vq_core::{Mode, Quantizer};
use vq_transformer::{Dropout, InputError, Norm};

use crate::attention::Sight;
use crate::block::DecoderBlock;
use crate::source::Source;
use crate::table::TokenTable;
use crate::{CaptionConfig, CaptionError, DecodingCache, Memory};

/// Translates the codes of an image to its caption: a causal transformer over tokens (arXiv 1706.03762) that attends to
/// the image's positions.
///
/// Parameters: `source.{projection, norm_in, rows, columns, blocks.{i}, norm_out}`, `positions`, `[max_tokens, M]`,
/// `blocks.{i}`, `norm`, `tokens.{input, output, bias}`; the linear layers and norms among them have `weight` and
/// `bias`, but `tokens.input` and `tokens.output` a `weight` only, and `tokens.input` is there only if `E` is not `M`.
#[derive(Debug)]
pub struct CaptionDecoder {
    source: Source,
    positions: Tensor,
    blocks: Vec<DecoderBlock>,
    norm: Norm,
    table: TokenTable,
    config: CaptionConfig,
}

impl CaptionDecoder {
    /// Registers the module under `path`, for codes of `channels` channels and a language model's token embeddings
    /// `[V, E]`, which stay as they are and are not registered.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if an option makes no sense, or the embeddings are not a matrix of finite
    /// floating-point numbers.
    pub fn new(
        path: &nn::Path,
        channels: i64,
        config: &CaptionConfig,
        embeddings: &Tensor,
    ) -> Result<Self, CaptionError> {
        const OP: &str = "CaptionDecoder::new";
        config.check()?;
        crate::config::check_option(OP, "channels", channels >= 1, "to be positive", channels)?;
        let width = config.width;
        Ok(Self {
            table: TokenTable::new(OP, &(path / "tokens"), width, embeddings)?,
            source: Source::new(&(path / "source"), channels, config),
            positions: path.randn("positions", &[config.max_tokens, width], 0.0, 0.02),
            blocks: (0..config.layers).map(|layer| DecoderBlock::new(&(path / "blocks" / layer), config)).collect(),
            norm: Norm::new(&(path / "norm"), width),
            config: config.clone(),
        })
    }

    /// The options that the module was built with.
    pub fn config(&self) -> &CaptionConfig {
        &self.config
    }

    /// `V`, the tokens of the vocabulary.
    pub fn vocabulary(&self) -> i64 {
        self.table.tokens()
    }

    /// The language model's embeddings of tokens, ids `[..]` to `[.., E]`, with a root mean square of 1 over the
    /// vocabulary. Ids must be in `0..V`.
    pub fn word_vectors(&self, ids: &Tensor) -> Tensor {
        self.table.rows().read(ids)
    }

    /// Reads codes `[B, C, H, W]`, of any grid up to the largest of the options.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if the codes do not fit.
    pub fn encode(&self, codes: &Tensor, mode: Mode) -> Result<Memory, CaptionError> {
        self.source.forward("CaptionDecoder::encode", codes, self.dropout(mode))
    }

    /// Reads stored ids `[B, H, W, S]` through the quantizer that gave them.
    ///
    /// # Errors
    /// [`CaptionError::Quantizer`] if the ids are not the quantizer's; else those of [`CaptionDecoder::encode`].
    pub fn encode_ids(&self, quantizer: &dyn Quantizer, ids: &Tensor) -> Result<Memory, CaptionError> {
        const OP: &str = "CaptionDecoder::encode_ids";
        let codes = quantizer.lookup(ids).map_err(|source| CaptionError::Quantizer { op: OP, source })?;
        self.source.forward(OP, &codes, self.dropout(Mode::Eval))
    }

    /// What the decoder makes of each token, before scores: ids `[B, T]` to `[B, T, M]`; entry `t` has seen the tokens
    /// up to `t`.
    pub(crate) fn hidden(&self, memory: &Memory, ids: &Tensor, mode: Mode) -> Tensor {
        let kind = memory.states.kind();
        let dropout = self.dropout(mode);
        let places = self.positions.narrow(0, 0, ids.size()[1]).to_kind(kind);
        let states = dropout.apply(&(self.table.read(ids, kind) + places)); // [B, T, M]
        let states = self.blocks.iter().fold(states, |states, block| {
            block.forward(&states, &block.read_source(&memory.states), Sight::Past, dropout)
        });
        self.norm.forward(&states)
    }

    /// Scores of the next token, `[.., M]` to `[.., V]`.
    pub(crate) fn score(&self, hidden: &Tensor) -> Tensor {
        self.table.score(hidden)
    }

    /// Log-probabilities of the token after each of `ids`, `[B, T]`: `[B, T, V]`, without a cache.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if the ids do not fit memory or vocabulary.
    pub fn log_probabilities(&self, memory: &Memory, ids: &Tensor) -> Result<Tensor, CaptionError> {
        self.check_ids("CaptionDecoder::log_probabilities", memory, ids, self.config.max_tokens)?;
        let scores = self.score(&self.hidden(memory, ids, Mode::Eval));
        Ok(scores.log_softmax(-1, scores.kind()))
    }

    /// An empty cache, to decode `captions` captions of each image of `memory` token by token.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if `captions` is not positive.
    pub fn start(&self, memory: &Memory, captions: i64) -> Result<DecodingCache, CaptionError> {
        crate::config::check_option("CaptionDecoder::start", "captions", captions >= 1, "to be positive", captions)?;
        let sources = self.blocks.iter().map(|block| block.read_source(&memory.states)).collect();
        Ok(DecodingCache::new(sources, memory.states.size()[0] * captions, memory.states.kind()))
    }

    /// Reads the next token of each caption, ids `[B * R]`, the captions of an image being neighbours, and gives the
    /// log-probabilities of the token after it, `[B * R, V]`.
    ///
    /// Gives what [`CaptionDecoder::log_probabilities`] gives for the last of all tokens read, up to rounding.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if the ids do not fit, or if the cache has taken as many tokens as there are positions.
    pub fn step(&self, cache: &mut DecodingCache, ids: &Tensor) -> Result<Tensor, CaptionError> {
        const OP: &str = "CaptionDecoder::step";
        if ids.size() != [cache.captions()] {
            let expected = format!("[{}]", cache.captions());
            return Err(InputError::Shape { op: OP, what: "token ids", expected, got: ids.size() }.into());
        }
        check_kind(OP, "token ids", ids)?;
        check_range(OP, "token ids", ids, 0..self.vocabulary())?;
        let (place, limit) = (cache.length(), self.config.max_tokens);
        if place >= limit {
            let what = "the number of tokens read";
            return Err(InputError::Range { op: OP, what, start: 0, end: limit, got: place }.into());
        }
        let kind = cache.kind();
        let token = self.table.read(ids, kind) + self.positions.get(place).to_kind(kind); // [B * R, M]
        let states = cache.advance(&self.blocks, token.unsqueeze(1)); // [B * R, 1, M]
        let scores = self.score(&self.norm.forward(&states).squeeze_dim(1));
        Ok(scores.log_softmax(-1, scores.kind()))
    }

    /// Checks ids `[B, T]`, with at most `limit` tokens.
    pub(crate) fn check_ids(
        &self,
        op: &'static str,
        memory: &Memory,
        ids: &Tensor,
        limit: i64,
    ) -> Result<(), CaptionError> {
        let images = memory.states.size()[0];
        if !matches!(ids.size()[..], [batch, tokens] if batch == images && (1..=limit).contains(&tokens)) {
            let expected = format!("[{images}, 1..={limit}]");
            return Err(InputError::Shape { op, what: "token ids", expected, got: ids.size() }.into());
        }
        check_kind(op, "token ids", ids)?;
        check_range(op, "token ids", ids, 0..self.vocabulary())
    }

    fn dropout(&self, mode: Mode) -> Dropout {
        Dropout { probability: self.config.dropout, mode }
    }
}

/// Checks that numbers are `Int64`.
pub(crate) fn check_kind(op: &'static str, what: &'static str, numbers: &Tensor) -> Result<(), CaptionError> {
    Ok(vq_transformer::check_kind(op, what, numbers)?)
}

/// Checks that all numbers lie in a range.
pub(crate) fn check_range(
    op: &'static str,
    what: &'static str,
    numbers: &Tensor,
    range: std::ops::Range<i64>,
) -> Result<(), CaptionError> {
    Ok(vq_transformer::check_range(op, what, numbers, range)?)
}
