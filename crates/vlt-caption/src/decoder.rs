//! The caption decoder.

use tch::{Tensor, nn};
use vq_core::{Mode, Quantizer};
use vq_nn::{AttentionMask, BlockInputs, BlockStack, Dropout, InputError, check_kind, check_option, check_range};

use crate::cache::DecodingCache;
use crate::code_encoder::CodeEncoder;
use crate::config::CaptionConfig;
use crate::error::CaptionError;
use crate::memory::Memory;
use crate::token_table::TokenTable;

/// Translates the codes of an image to its caption: a causal transformer over tokens (arXiv 1706.03762) with
/// cross-attention to the image's positions.
///
/// Parameters: `source.{projection, norm_in, rows, columns, blocks.{i}, norm_out}`, `positions`, `[max_tokens, M]`,
/// `blocks.{i}`, `norm`, `tokens.{input, output, bias}`. Linear layers and norms have `weight` and `bias`;
/// `tokens.input` and `tokens.output` have only a `weight`, and `tokens.input` exists only if `E` is not `M`.
#[derive(Debug)]
pub struct CaptionDecoder {
    encoder: CodeEncoder,
    positions: Tensor,
    stack: BlockStack,
    table: TokenTable,
    config: CaptionConfig,
}

impl CaptionDecoder {
    /// Registers the module under `path`, for codes of `channels` channels and a language model's token embeddings
    /// `[V, E]`, which stay frozen and are not registered.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if an option is invalid, or the embeddings are not a matrix of finite floating-point
    /// numbers.
    pub fn new(
        path: &nn::Path,
        channels: i64,
        config: &CaptionConfig,
        embeddings: &Tensor,
    ) -> Result<Self, CaptionError> {
        const OP: &str = "CaptionDecoder::new";
        config.check()?;
        check_option(OP, "channels", channels >= 1, "to be positive", channels)?;
        let width = config.width;
        Ok(Self {
            table: TokenTable::new(OP, &(path / "tokens"), width, embeddings)?,
            encoder: CodeEncoder::new(&(path / "source"), channels, config),
            positions: path.randn("positions", &[config.max_tokens, width], 0.0, 0.02),
            stack: BlockStack::new(path, config.layers, &config.decoder_block(), None),
            config: config.clone(),
        })
    }

    /// The options of the module.
    pub fn config(&self) -> &CaptionConfig {
        &self.config
    }

    /// `V`, the tokens of the vocabulary.
    pub fn vocabulary(&self) -> i64 {
        self.table.tokens()
    }

    /// The language model's embeddings of tokens, ids `[..]` to `[.., E]`, scaled to a root mean square of 1 over the
    /// vocabulary. Ids must lie in `0..V`.
    pub fn word_vectors(&self, ids: &Tensor) -> Tensor {
        self.table.rows().read(ids)
    }

    /// Encodes codes `[B, C, H, W]` of any grid up to the largest that is configured.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if the codes do not fit.
    pub fn encode(&self, codes: &Tensor, mode: Mode) -> Result<Memory, CaptionError> {
        self.encoder.forward("CaptionDecoder::encode", codes, self.dropout(mode))
    }

    /// Encodes stored ids `[B, H, W, S]` of a quantizer.
    ///
    /// # Errors
    /// [`CaptionError::Quantizer`] if the ids are not the quantizer's; else those of [`CaptionDecoder::encode`].
    pub fn encode_ids(&self, quantizer: &dyn Quantizer, ids: &Tensor) -> Result<Memory, CaptionError> {
        const OP: &str = "CaptionDecoder::encode_ids";
        let codes = quantizer.lookup(ids).map_err(|source| CaptionError::Quantizer { op: OP, source })?;
        self.encoder.forward(OP, &codes, self.dropout(Mode::Eval))
    }

    /// Hidden states of each token, before scores: ids `[B, T]` to `[B, T, M]`; state `t` has seen the tokens up to `t`.
    pub(crate) fn hidden(&self, memory: &Memory, ids: &Tensor, mode: Mode) -> Tensor {
        let kind = memory.states.kind();
        let positions = self.positions.narrow(0, 0, ids.size()[1]).to_kind(kind);
        let (memory, mask, dropout) = (Some(&memory.states), AttentionMask::Causal, self.dropout(mode));
        self.stack.forward(&(self.table.read(ids, kind) + positions), &BlockInputs { memory, mask, dropout })
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
        self.start_limited(memory, captions, self.config.max_tokens)
    }

    /// As [`CaptionDecoder::start`], with room for `limit` tokens.
    pub(crate) fn start_limited(
        &self,
        memory: &Memory,
        captions: i64,
        limit: i64,
    ) -> Result<DecodingCache, CaptionError> {
        check_option("CaptionDecoder::start", "captions", captions >= 1, "to be positive", captions)?;
        let rows = memory.states.size()[0] * captions;
        let cache = self.stack.start(rows, limit, Some(&memory.states));
        Ok(DecodingCache { cache, kind: memory.states.kind() })
    }

    /// Reads the next token of each caption, ids `[B * R]`, with the captions of an image next to each other, and returns
    /// the log-probabilities of the token after it, `[B * R, V]`.
    ///
    /// Equals [`CaptionDecoder::log_probabilities`] of the last of all tokens read, up to rounding.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if the ids do not fit, or if the cache is full.
    pub fn step(&self, cache: &mut DecodingCache, ids: &Tensor) -> Result<Tensor, CaptionError> {
        const OP: &str = "CaptionDecoder::step";
        if ids.size() != [cache.captions()] {
            let expected = format!("[{}]", cache.captions());
            return Err(InputError::Shape { op: OP, what: "token ids", expected, got: ids.size() }.into());
        }
        check_kind(OP, "token ids", ids)?;
        check_range(OP, "token ids", ids, 0..self.vocabulary())?;
        let (position, end) = (cache.length(), cache.cache.capacity());
        if position >= end {
            let what = "the number of tokens read";
            return Err(InputError::Range { op: OP, what, start: 0, end, got: position }.into());
        }
        let kind = cache.kind;
        let token = self.table.read(ids, kind) + self.positions.get(position).to_kind(kind); // [B * R, M]
        let state = self.stack.advance(&mut cache.cache, &token.unsqueeze(1)); // [B * R, M]
        let scores = self.score(&state);
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
        Ok(check_range(op, "token ids", ids, 0..self.vocabulary())?)
    }

    fn dropout(&self, mode: Mode) -> Dropout {
        Dropout { probability: self.config.dropout, mode }
    }
}
