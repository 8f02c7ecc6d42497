//! The slots of a position, one after another.

use tch::{Kind, Tensor, nn};
use vq_nn::{AttentionMask, BlockInputs, BlockStack, Dropout, KeyValueCache};

use crate::config::TransformerConfig;
use crate::init::EMBEDDING_STD;
use crate::slot_embeddings::SlotEmbeddings;

/// A causal transformer over the slots of one position: slot `s` sees the state of the position and the ids of the slots
/// before it (the depth transformer of RQ-Transformer, arXiv 2203.01941, section 3.2.2).
///
/// Parameters: `places`, `[S, M]`; `blocks.{i}`, `norm`.
#[derive(Debug)]
pub(crate) struct DepthTransformer {
    /// `[S, M]`.
    positions: Tensor,
    stack: BlockStack,
}

impl DepthTransformer {
    pub(crate) fn new(path: &nn::Path, config: &TransformerConfig, layers: i64, slots: i64) -> Self {
        Self {
            positions: path.randn("places", &[slots, config.width], 0.0, EMBEDDING_STD),
            stack: BlockStack::new(path, layers, &config.block(layers), None),
        }
    }

    /// States `[B, P, M]` of positions with ids `[B, P, S]` to states of slots, `[B, P, S, M]`.
    pub(crate) fn forward(&self, states: &Tensor, slots: &SlotEmbeddings, ids: &Tensor, dropout: Dropout) -> Tensor {
        let size = states.size();
        let (kind, count) = (states.kind(), slots.count());
        let embed = |slot: usize| slots.embed_slot(slot, &ids.select(-1, slot as i64)).to_kind(kind);
        let contents: Vec<Tensor> =
            std::iter::once(states.shallow_clone()).chain((1..count).map(|slot| embed(slot - 1))).collect();
        let contents = Tensor::stack(&contents, 2).flatten(0, 1) + self.positions.to_kind(kind); // [B * P, S, M]
        let states = self.stack.forward(&contents, &BlockInputs { memory: None, mask: AttentionMask::Causal, dropout });
        states.view([size[0], size[1], count as i64, size[2]])
    }

    /// A copy for inference; see [`BlockStack::packed`].
    pub(crate) fn packed(&self, kind: Kind) -> Self {
        Self { positions: self.positions.detach().to_kind(kind), stack: self.stack.packed(kind) }
    }

    /// A cache for the slots of one position of each of `rows` rows.
    pub(crate) fn start(&self, rows: i64) -> KeyValueCache {
        self.stack.start(rows, self.positions.size().first().copied().unwrap_or(0), None)
    }

    /// Reads the content before a slot, `[B, M]`: the state of the position, or the embedding of the id before. Returns
    /// the slot's state, `[B, M]`.
    pub(crate) fn advance(&self, cache: &mut KeyValueCache, slot: usize, content: &Tensor) -> Tensor {
        self.stack.advance(cache, &(content + self.positions.get(slot as i64)).unsqueeze(1))
    }
}
