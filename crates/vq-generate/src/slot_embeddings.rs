//! The embeddings of all slots of a position.

use std::ops::Range;

use tch::{Tensor, nn};
use vq_core::Layout;

use crate::id_embeddings::{IdEmbeddings, SlotCodes};

/// Whether a slot has a mask token besides its codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MaskToken {
    Without,
    With,
}

/// An embedding for each code of each slot; those of a position are summed (arXiv 2203.01941, section 3.2.2).
///
/// Parameters: those of [`IdEmbeddings`] under `{s}`, with one more row for the mask token if there is one.
#[derive(Debug)]
pub(crate) struct SlotEmbeddings {
    embeddings: Vec<IdEmbeddings>,
    codes: Vec<Range<i64>>,
}

impl SlotEmbeddings {
    pub(crate) fn new(path: &nn::Path, layout: &Layout, width: i64, known: &SlotCodes, mask: MaskToken) -> Self {
        let codes: Vec<Range<i64>> = layout.slots.iter().map(|slot| slot.codes.clone()).collect();
        let embeddings = |(slot, codes): (usize, &Range<i64>)| {
            let rows = codes.end - codes.start + i64::from(mask == MaskToken::With);
            IdEmbeddings::new(&(path / slot), rows, width, known, slot)
        };
        Self { embeddings: codes.iter().enumerate().map(embeddings).collect(), codes }
    }

    /// `S`.
    pub(crate) fn count(&self) -> usize {
        self.codes.len()
    }

    /// The first code of a slot.
    pub(crate) fn first(&self, slot: usize) -> i64 {
        self.codes[slot].start
    }

    /// `V` of a slot.
    pub(crate) fn codes(&self, slot: usize) -> i64 {
        self.codes[slot].end - self.codes[slot].start
    }

    /// The mask token of a slot, as an id.
    pub(crate) fn mask(&self, slot: usize) -> i64 {
        self.codes[slot].end
    }

    /// Ids `[.., S]` minus the first code of their slots: `S` tensors `[..]`.
    pub(crate) fn local(&self, ids: &Tensor) -> Vec<Tensor> {
        self.codes.iter().enumerate().map(|(slot, codes)| ids.select(-1, slot as i64) - codes.start).collect()
    }

    /// Ids `[..]` of a slot to `[.., M]`.
    pub(crate) fn embed_slot(&self, slot: usize, ids: &Tensor) -> Tensor {
        Tensor::embedding(&self.embeddings[slot].table(), &(ids - self.first(slot)), -1, false, false)
    }

    /// The current embeddings of a slot: `[V, M]`, or `[V + 1, M]` with a mask token.
    pub(crate) fn table(&self, slot: usize) -> Tensor {
        self.embeddings[slot].table()
    }

    /// Ids `[.., S]` to `[.., M]`.
    pub(crate) fn embed(&self, ids: &Tensor) -> Tensor {
        let embed = |slot: usize| self.embed_slot(slot, &ids.select(-1, slot as i64));
        (1..self.count()).fold(embed(0), |sum, slot| sum + embed(slot))
    }
}
