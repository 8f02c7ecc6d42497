//! What a decoder keeps between two tokens.

use tch::Kind;
use vq_nn::KeyValueCache;

/// Keys and values of the images and of the tokens read so far, so that a step costs one token.
#[derive(Debug)]
pub struct DecodingCache {
    pub(crate) cache: KeyValueCache,
    /// The dtype of the computation.
    pub(crate) kind: Kind,
}

impl DecodingCache {
    /// `B * R`, the captions that are decoded side by side.
    pub fn captions(&self) -> i64 {
        self.cache.rows()
    }

    /// Tokens read so far of each caption.
    pub fn length(&self) -> i64 {
        self.cache.length()
    }
}
