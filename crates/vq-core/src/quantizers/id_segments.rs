//! Concatenated id ranges of several quantizers.

use tch::Tensor;

use crate::contract::{Layout, Slot};

/// Slots and id range of one quantizer among those of all.
#[derive(Debug)]
pub(super) struct IdSegment {
    /// Index of its first slot.
    slot: i64,
    /// Number of its slots.
    slots: i64,
    /// Offset of its ids.
    offset: i64,
}

/// Slots and codes of several quantizers, in order.
#[derive(Debug, Default)]
pub(super) struct IdSegments {
    /// One for each quantizer.
    pub(super) segments: Vec<IdSegment>,
    /// The slots of all quantizers, with offsets applied.
    pub(super) slots: Vec<Slot>,
    /// The number of codes of all quantizers.
    pub(super) codes: i64,
}

impl IdSegments {
    /// Appends a quantizer. The names of its groups are prefixed with `name`.
    pub(super) fn push(&mut self, name: &str, layout: &Layout) {
        let offset = self.codes;
        let slots = layout.slots.len() as i64;
        self.segments.push(IdSegment { slot: self.slots.len() as i64, slots, offset });
        self.slots.extend(layout.slots.iter().map(|slot| Slot {
            group: format!("{name} {}", slot.group),
            codes: slot.codes.start + offset..slot.codes.end + offset,
        }));
        self.codes += layout.codes;
    }
}

impl IdSegment {
    /// The ids `[.., s]` of this quantizer, without offset, among those of all, `[.., S]`.
    pub(super) fn local(&self, indices: &Tensor) -> Tensor {
        indices.narrow(-1, self.slot, self.slots) - self.offset
    }

    /// Adds the offset to ids of this quantizer.
    pub(super) fn global(&self, indices: &Tensor) -> Tensor {
        indices + self.offset
    }
}
