//! Decoding of captions.

use tch::{Kind, Tensor};
use vq_nn::check_option;

use crate::cache::DecodingCache;
use crate::caption::SpecialTokens;
use crate::decoder::CaptionDecoder;
use crate::error::CaptionError;
use crate::memory::Memory;

/// Captions images with a [`CaptionDecoder`]: [`greedy`](Captioner::greedy), [`beam`](Captioner::beam) and
/// [`sample`](Captioner::sample).
///
/// The begin, padding and unknown tokens are never generated. Log-probabilities are the decoder's own: the probability of
/// the excluded tokens is not redistributed.
#[derive(Debug)]
pub struct Captioner<'a> {
    pub(crate) decoder: &'a CaptionDecoder,
    pub(crate) special: SpecialTokens,
    pub(crate) limit: i64,
    forbidden: Tensor,
}

impl<'a> Captioner<'a> {
    /// Decodes captions of at most `limit` tokens, including the end token.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if `limit` is not in `1..=max_tokens` or a special token is not in the vocabulary.
    pub fn new(decoder: &'a CaptionDecoder, special: SpecialTokens, limit: i64) -> Result<Self, CaptionError> {
        const OP: &str = "Captioner::new";
        let longest = decoder.config().max_tokens;
        check_option(OP, "limit", (1..=longest).contains(&limit), &format!("in 1..={longest}"), limit)?;
        let tokens = 0..decoder.vocabulary();
        let named = [("begin", special.begin), ("end", special.end), ("pad", special.pad)];
        let unknown = special.unknown.map(|token| ("unknown", token));
        for (key, token) in named.into_iter().chain(unknown) {
            check_option(OP, key, tokens.contains(&token), &format!("in {tokens:?}"), token)?;
        }
        let forbidden = Tensor::from_slice(&special.forbidden());
        Ok(Self { decoder, special, limit, forbidden })
    }

    /// Reads `ids`, `[B * R]`, and returns the log-probabilities of the next token, `[B * R, V]`, `Double`.
    pub(crate) fn next(&self, cache: &mut DecodingCache, ids: &[i64], memory: &Memory) -> Result<Tensor, CaptionError> {
        let device = memory.states.device();
        let next = self.decoder.step(cache, &Tensor::from_slice(ids).to_device(device))?.to_kind(Kind::Double);
        Ok(next.index_fill(1, &self.forbidden.to_device(device), f64::NEG_INFINITY))
    }
}
