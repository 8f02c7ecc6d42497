//! Blocks one behind the other.

use tch::{Kind, Tensor, nn};
use vq_transformer::{Dropout, Norm};

use crate::TransformerConfig;
use crate::block::{Block, LaidBlock, Memory, Sight, Span};
use crate::rotary::Rotary;

/// Blocks, and a norm behind the last.
///
/// Parameters: `blocks.{i}`, `norm`.
#[derive(Debug)]
pub(crate) struct Stack {
    blocks: Vec<Block>,
    norm: Norm,
    rotary: Option<Rotary>,
}

impl Stack {
    pub(crate) fn new(path: &nn::Path, config: &TransformerConfig, layers: i64, rotary: Option<Rotary>) -> Self {
        Self {
            blocks: (0..layers).map(|layer| Block::new(&(path / "blocks" / layer), config, layers)).collect(),
            norm: Norm::new(&(path / "norm"), config.width),
            rotary,
        }
    }

    /// `[B, L, M]` to the same shape.
    pub(crate) fn forward(&self, xs: &Tensor, sight: Sight, dropout: Dropout) -> Tensor {
        let first = dropout.apply(xs);
        let rotary = self.rotary.as_ref();
        self.norm.forward(&self.blocks.iter().fold(first, |xs, block| block.forward(&xs, rotary, sight, dropout)))
    }

    pub(crate) fn lay(&self, kind: Kind) -> LaidStack<'_> {
        LaidStack { stack: self, blocks: self.blocks.iter().map(|block| block.lay(kind)).collect() }
    }
}

/// A causal stack that reads its tokens in several calls.
#[derive(Debug)]
pub(crate) struct LaidStack<'a> {
    stack: &'a Stack,
    blocks: Vec<LaidBlock<'a>>,
}

/// What a [`LaidStack`] has read.
#[derive(Debug)]
pub(crate) struct Reading {
    memories: Vec<Memory>,
    rows: i64,
    length: i64,
}

impl Reading {
    /// Forgets all tokens.
    pub(crate) fn restart(&mut self) {
        self.length = 0;
    }
}

impl LaidStack<'_> {
    /// Nothing read yet; room for `length` tokens of each of `rows` rows, of the kind and on the device of `like`.
    pub(crate) fn start(&self, rows: i64, length: i64, like: &Tensor) -> Reading {
        let memories = self.blocks.iter().map(|block| block.memory(rows, length, like)).collect();
        Reading { memories, rows, length: 0 }
    }

    /// Reads the next tokens, `[B * length, M]`, the tokens of a row being neighbours, and gives the state behind the
    /// last of each row, `[B, M]`.
    pub(crate) fn advance(&self, reading: &mut Reading, tokens: &Tensor) -> Tensor {
        let size = tokens.size();
        let (length, width) = (size[0] / reading.rows, size[1]);
        let span = Span { start: reading.length, length };
        reading.length += length;
        let parts = self.blocks.iter().zip(&reading.memories);
        let rotary = self.stack.rotary.as_ref();
        let states = parts.fold(tokens.shallow_clone(), |xs, (block, memory)| block.advance(&xs, memory, rotary, span));
        let last = states.view([reading.rows, length, width]).select(1, length - 1); // [B, M]
        self.stack.norm.forward(&last)
    }
}
