//! The ids of a position: what they are read by, and how they are scored.

use std::ops::Range;

use tch::{Kind, Tensor, nn};
use vq_core::Layout;
use vq_transformer::LaidLinear;

use crate::id_vectors::{IdVectors, SlotCodes};

/// Standard deviation of vectors that are learned for ids and places, as in GPT-2.
pub(crate) const DEVIATION: f64 = 0.02;

/// Whether a slot may hold a mask instead of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Masking {
    Never,
    Allowed,
}

/// A vector for each code of each slot; those of a position are added up (arXiv 2203.01941, section 3.2.2).
///
/// Parameters: those of [`IdVectors`] under `{s}`, with one row more, the mask, where masks are allowed.
#[derive(Debug)]
pub(crate) struct Slots {
    vectors: Vec<IdVectors>,
    codes: Vec<Range<i64>>,
}

impl Slots {
    pub(crate) fn new(path: &nn::Path, layout: &Layout, width: i64, known: &SlotCodes, masking: Masking) -> Self {
        let codes: Vec<Range<i64>> = layout.slots.iter().map(|slot| slot.codes.clone()).collect();
        let vectors = |(slot, codes): (usize, &Range<i64>)| {
            let rows = codes.end - codes.start + i64::from(masking == Masking::Allowed);
            IdVectors::new(&(path / slot), rows, width, known, slot)
        };
        Self { vectors: codes.iter().enumerate().map(vectors).collect(), codes }
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

    /// What stands for a masked id of a slot.
    pub(crate) fn mask(&self, slot: usize) -> i64 {
        self.codes[slot].end
    }

    /// Ids `[.., S]` less the first code of their slots: `S` tensors `[..]`.
    pub(crate) fn local(&self, ids: &Tensor) -> Vec<Tensor> {
        self.codes.iter().enumerate().map(|(slot, codes)| ids.select(-1, slot as i64) - codes.start).collect()
    }

    /// Ids `[..]` of a slot to `[.., M]`.
    pub(crate) fn read_slot(&self, slot: usize, ids: &Tensor) -> Tensor {
        Tensor::embedding(&self.vectors[slot].table(), &(ids - self.first(slot)), -1, false, false)
    }

    /// Vectors of each slot's ids as they are now, `[V, M]`, for many readings.
    pub(crate) fn tables(&self) -> Vec<Tensor> {
        self.vectors.iter().map(IdVectors::table).collect()
    }

    /// Ids `[.., S]` to `[.., M]`.
    pub(crate) fn read(&self, ids: &Tensor) -> Tensor {
        let read = |slot: usize| self.read_slot(slot, &ids.select(-1, slot as i64));
        (1..self.count()).fold(read(0), |sum, slot| sum + read(slot))
    }
}

/// Scores of the codes of each slot.
///
/// Parameters: those of [`IdVectors`] under `{s}`, unless weights are tied to those of [`Slots`]; `{s}.bias`, `[V]`.
#[derive(Debug)]
pub(crate) struct Heads {
    heads: Vec<Head>,
}

#[derive(Debug)]
struct Head {
    vectors: Option<IdVectors>,
    bias: Tensor,
}

impl Heads {
    pub(crate) fn new(path: &nn::Path, slots: &Slots, width: i64, known: &SlotCodes, tied: bool) -> Self {
        let head = |slot: usize| {
            let (path, codes) = (path / slot, slots.codes(slot));
            Head {
                vectors: (!tied).then(|| IdVectors::new(&path, codes, width, known, slot)),
                bias: path.zeros("bias", &[codes]),
            }
        };
        Self { heads: (0..slots.count()).map(head).collect() }
    }

    /// States `[.., M]` to scores of a slot, `[.., V]`, in `Float` or more digits: they are exponentiated and summed.
    pub(crate) fn score(&self, slots: &Slots, slot: usize, states: &Tensor) -> Tensor {
        let kind = states.kind();
        let bias = self.heads[slot].bias.to_kind(kind);
        let scores = states.linear(&self.weight(slots, slot).to_kind(kind), Some(bias));
        scores.to_kind(if kind == Kind::Double { kind } else { Kind::Float })
    }

    pub(crate) fn lay(&self, slots: &Slots, kind: Kind) -> Vec<LaidLinear> {
        let lay = |slot: usize| LaidLinear::new(&self.weight(slots, slot), Some(&self.heads[slot].bias), kind);
        (0..slots.count()).map(lay).collect()
    }

    fn weight(&self, slots: &Slots, slot: usize) -> Tensor {
        let tied = || slots.vectors[slot].table().narrow(0, 0, slots.codes(slot));
        self.heads[slot].vectors.as_ref().map_or_else(tied, IdVectors::table)
    }
}
