//! The slots of a position, one after another.

use tch::{Kind, Tensor, nn};
use vq_transformer::Dropout;

use crate::TransformerConfig;
use crate::block::Sight;
use crate::slots::{DEVIATION, Slots};
use crate::stack::{LaidStack, Reading, Stack};

/// A causal transformer over the slots of one position: slot `s` sees the state of the position and the ids of the slots
/// before it (RQ-Transformer's depth transformer, arXiv 2203.01941, section 3.2.2).
///
/// Parameters: `places`, `[S, M]`; `blocks.{i}`, `norm`.
#[derive(Debug)]
pub(crate) struct Depth {
    places: Tensor,
    stack: Stack,
}

impl Depth {
    pub(crate) fn new(path: &nn::Path, config: &TransformerConfig, layers: i64, slots: i64) -> Self {
        Self {
            places: path.randn("places", &[slots, config.width], 0.0, DEVIATION),
            stack: Stack::new(path, config, layers, None),
        }
    }

    /// States `[B, P, M]` of positions with ids `[B, P, S]` to states of slots, `[B, P, S, M]`.
    pub(crate) fn forward(&self, states: &Tensor, slots: &Slots, ids: &Tensor, dropout: Dropout) -> Tensor {
        let size = states.size();
        let (kind, count) = (states.kind(), slots.count());
        let read = |slot: usize| slots.read_slot(slot, &ids.select(-1, slot as i64)).to_kind(kind);
        let contents: Vec<Tensor> =
            std::iter::once(states.shallow_clone()).chain((1..count).map(|slot| read(slot - 1))).collect();
        let contents = Tensor::stack(&contents, 2).flatten(0, 1) + self.places.to_kind(kind); // [B * P, S, M]
        let states = self.stack.forward(&contents, Sight::Past, dropout);
        states.view([size[0], size[1], count as i64, size[2]])
    }

    pub(crate) fn lay(&self, kind: Kind) -> LaidDepth<'_> {
        LaidDepth { places: self.places.detach().to_kind(kind), stack: self.stack.lay(kind) }
    }
}

/// The same, slot by slot.
#[derive(Debug)]
pub(crate) struct LaidDepth<'a> {
    places: Tensor,
    stack: LaidStack<'a>,
}

impl LaidDepth<'_> {
    /// Room for the slots of one position of each of `rows` rows.
    pub(crate) fn start(&self, rows: i64) -> Reading {
        self.stack.start(rows, self.places.size().first().copied().unwrap_or(0), &self.places)
    }

    /// Reads what stands before a slot, `[B, M]`: the state of the position, or the vector of the id before; gives the
    /// slot's state, `[B, M]`.
    pub(crate) fn advance(&self, reading: &mut Reading, slot: usize, content: &Tensor) -> Tensor {
        self.stack.advance(reading, &(content + self.places.get(slot as i64)))
    }
}
