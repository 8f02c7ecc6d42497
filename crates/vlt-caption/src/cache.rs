//! What a decoder keeps between two tokens.

use tch::{Kind, Tensor};

use crate::attention::KeyValues;
use crate::block::DecoderBlock;

/// Keys and values of the tokens read so far and of the images, so that a step costs one token.
#[derive(Debug)]
pub struct DecodingCache {
    /// For each block, of the images: `[B, A, P, M / A]`.
    sources: Vec<KeyValues>,
    /// For each block, of the tokens: `[B * R, A, length, M / A]`.
    pasts: Vec<Option<KeyValues>>,
    captions: i64,
    length: i64,
    kind: Kind,
}

impl DecodingCache {
    pub(crate) fn new(sources: Vec<KeyValues>, captions: i64, kind: Kind) -> Self {
        Self { pasts: sources.iter().map(|_| None).collect(), sources, captions, length: 0, kind }
    }

    /// `B * R`, the captions that are decoded side by side.
    pub fn captions(&self) -> i64 {
        self.captions
    }

    /// Tokens read so far.
    pub fn length(&self) -> i64 {
        self.length
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// One token through all blocks, `[B * R, 1, M]`.
    pub(crate) fn advance(&mut self, blocks: &[DecoderBlock], token: Tensor) -> Tensor {
        self.length += 1;
        let parts = blocks.iter().zip(&mut self.pasts).zip(&self.sources);
        parts.fold(token, |states, ((block, past), source)| block.step(&states, past, source))
    }

    /// Lets each caption go on from what caption `from[i]`, `[B * R]`, of the same image has read.
    pub(crate) fn reorder(&mut self, from: &Tensor) {
        for past in self.pasts.iter_mut().flatten() {
            *past = KeyValues { key: past.key.index_select(0, from), value: past.value.index_select(0, from) };
        }
    }
}
