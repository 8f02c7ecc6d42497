//! A stack of blocks.

use tch::{Kind, Tensor, nn};

use crate::block::{Block, BlockConfig, BlockInputs};
use crate::cache::KeyValueCache;
use crate::layer_norm::LayerNorm;
use crate::rotary::Rotary2d;

/// Blocks, and a norm after the last: the body of a pre-norm transformer.
///
/// Parameters: `blocks.{i}`, `norm`.
#[derive(Debug)]
pub struct BlockStack {
    blocks: Vec<Block>,
    norm: LayerNorm,
    rotary: Option<Rotary2d>,
}

impl BlockStack {
    /// Registers `layers` equal blocks; `rotary` rotates queries and keys of every self-attention.
    pub fn new(path: &nn::Path, layers: i64, config: &BlockConfig, rotary: Option<Rotary2d>) -> Self {
        Self {
            blocks: (0..layers).map(|layer| Block::new(&(path / "blocks" / layer), config)).collect(),
            norm: LayerNorm::new(&(path / "norm"), config.width),
            rotary,
        }
    }

    /// All tokens at once: `[B, L, M]` to the same shape. Dropout is applied to the input, too.
    pub fn forward(&self, xs: &Tensor, inputs: &BlockInputs<'_>) -> Tensor {
        let first = inputs.dropout.apply(xs);
        let rotary = self.rotary.as_ref();
        self.norm.forward(&self.blocks.iter().fold(first, |xs, block| block.forward(&xs, rotary, inputs)))
    }

    /// An empty cache for `rows` sequences of at most `capacity` tokens, with the memory `[B, P, M]` of the
    /// cross-attention; `rows / B` neighbouring rows share an entry of the memory.
    pub fn start(&self, rows: i64, capacity: i64, memory: Option<&Tensor>) -> KeyValueCache {
        let memories = self.blocks.iter().map(|block| memory.and_then(|memory| block.read_memory(memory)));
        KeyValueCache::new(memories, rows, capacity)
    }

    /// Reads the next tokens of each row, `[rows, length, M]`, causally; returns the state of the last, `[rows, M]`.
    ///
    /// Equals the last state of a causal [`BlockStack::forward`] over all tokens read, up to rounding. Several tokens
    /// can be read at once only by an empty cache.
    ///
    /// # Panics
    /// If a row exceeds the capacity of the cache.
    pub fn advance(&self, cache: &mut KeyValueCache, tokens: &Tensor) -> Tensor {
        let length = tokens.size()[1];
        let start = cache.grow(length);
        debug_assert!(start == 0 || length == 1, "{length} tokens after {start}");
        let rotary = self.rotary.as_ref();
        let parts = self.blocks.iter().zip(&mut cache.blocks);
        let states = parts.fold(tokens.shallow_clone(), |xs, (block, cache)| block.advance(&xs, cache, rotary, start));
        self.norm.forward(&states.select(1, length - 1)) // [rows, M]
    }

    /// A copy for inference on few rows; see [`Linear::packed`](crate::Linear::packed).
    pub fn packed(&self, kind: Kind) -> Self {
        Self {
            blocks: self.blocks.iter().map(|block| block.packed(kind)).collect(),
            norm: self.norm.packed(kind),
            rotary: self.rotary.as_ref().map(Rotary2d::shallow_clone),
        }
    }
}
