//! Ids of several quantizers side by side.

use tch::Tensor;

use crate::{Layout, Slot};

/// Where one quantizer's ids lie among those of all.
#[derive(Debug)]
pub(crate) struct Span {
    /// The first of its slots, and how many it has.
    slot: i64,
    slots: i64,
    /// What is added to its ids.
    offset: i64,
}

/// The slots and codes of several quantizers in order.
#[derive(Debug, Default)]
pub(crate) struct Spans {
    /// One for each quantizer.
    pub(crate) spans: Vec<Span>,
    /// The slots of all, with the ids of all.
    pub(crate) slots: Vec<Slot>,
    /// The codes of all.
    pub(crate) codes: i64,
}

impl Spans {
    /// Adds a quantizer; its groups are called `name` and what they were called.
    pub(crate) fn push(&mut self, name: &str, layout: &Layout) {
        let offset = self.codes;
        let slots = layout.slots.len() as i64;
        self.spans.push(Span { slot: self.slots.len() as i64, slots, offset });
        self.slots.extend(layout.slots.iter().map(|slot| Slot {
            group: format!("{name} {}", slot.group),
            codes: slot.codes.start + offset..slot.codes.end + offset,
        }));
        self.codes += layout.codes;
    }
}

impl Span {
    /// The quantizer's own ids `[.., s]` of those of all, `[.., S]`.
    pub(crate) fn local(&self, indices: &Tensor) -> Tensor {
        indices.narrow(-1, self.slot, self.slots) - self.offset
    }

    /// The quantizer's own ids as those of all.
    pub(crate) fn global(&self, indices: &Tensor) -> Tensor {
        indices + self.offset
    }
}
