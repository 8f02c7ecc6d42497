//! Scores of the codes of each slot.

use tch::{Kind, Tensor, nn};
use vq_nn::Linear;

use crate::id_embeddings::{IdEmbeddings, SlotCodes};
use crate::slot_embeddings::SlotEmbeddings;

/// Linear heads from states to scores, one for each slot.
///
/// Parameters: those of [`IdEmbeddings`] under `{s}`, unless weights are tied to those of [`SlotEmbeddings`];
/// `{s}.bias`, `[V]`.
#[derive(Debug)]
pub(crate) struct SlotHeads {
    heads: Vec<Head>,
}

#[derive(Debug)]
struct Head {
    /// The rows of the weight; none if they are tied.
    rows: Option<IdEmbeddings>,
    bias: Tensor,
}

/// Where the weights of the heads come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeadWeights {
    /// They are parameters.
    Own,
    /// They are the embeddings of the ids.
    Tied,
}

impl SlotHeads {
    pub(crate) fn new(
        path: &nn::Path,
        slots: &SlotEmbeddings,
        width: i64,
        known: &SlotCodes,
        weights: HeadWeights,
    ) -> Self {
        let head = |slot: usize| {
            let (path, codes) = (path / slot, slots.codes(slot));
            let own = || IdEmbeddings::new(&path, codes, width, known, slot);
            Head { rows: (weights == HeadWeights::Own).then(own), bias: path.zeros("bias", &[codes]) }
        };
        Self { heads: (0..slots.count()).map(head).collect() }
    }

    /// States `[.., M]` to scores of a slot, `[.., V]`, in `Float` or wider, because they are exponentiated and summed.
    pub(crate) fn score(&self, slots: &SlotEmbeddings, slot: usize, states: &Tensor) -> Tensor {
        let scores = self.linear(slots, slot).forward(states);
        scores.to_kind(if scores.kind() == Kind::Double { Kind::Double } else { Kind::Float })
    }

    /// Copies of the heads for inference; see [`Linear::packed`].
    pub(crate) fn packed(&self, slots: &SlotEmbeddings, kind: Kind) -> Vec<Linear> {
        (0..slots.count()).map(|slot| self.linear(slots, slot).packed(kind)).collect()
    }

    fn linear(&self, slots: &SlotEmbeddings, slot: usize) -> Linear {
        let Head { rows, bias } = &self.heads[slot];
        let tied = || slots.table(slot).narrow(0, 0, slots.codes(slot));
        Linear::from_tensors(rows.as_ref().map_or_else(tied, IdEmbeddings::table), Some(bias.shallow_clone()))
    }
}
