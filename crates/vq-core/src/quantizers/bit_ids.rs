//! Ids of codes with one bit per channel.

use tch::{Device, Kind, Tensor};

use crate::contract::{Layout, Slot};
use crate::error::CoreError;

/// Above it, arithmetic on ids could overflow.
const MAX_BITS_PER_ID: i64 = 62;

/// Far above any practical number of channels.
const MAX_BITS: i64 = 1 << 16;

/// Split of the bits of a position into ids.
///
/// Each id covers the next `bits_per_id` channels, starting at channel 0, and the last id the rest. The first channel
/// of an id is its highest bit. The range of a slot starts where that of the previous slot ends.
#[derive(Debug)]
pub(super) struct BitIds {
    slots: Vec<BitSlot>,
}

#[derive(Debug)]
struct BitSlot {
    /// The first channel.
    channel: i64,
    bits: i64,
    /// The id of the code whose bits are all zero.
    start: i64,
}

impl BitIds {
    /// Splits `bits` bits into ids of at most `bits_per_id`.
    pub(super) fn new(op: &'static str, bits: i64, bits_per_id: i64) -> Result<Self, CoreError> {
        let refuse = |expected: &str, got: i64| {
            Err(CoreError::Option { op, expected: expected.to_owned(), got: got.to_string() })
        };
        if !(1..=MAX_BITS).contains(&bits) {
            return refuse("1 to 65536 bits", bits);
        }
        if !(1..=MAX_BITS_PER_ID).contains(&bits_per_id) {
            return refuse("1 to 62 bits per id", bits_per_id);
        }
        let mut slots = Vec::new();
        let (mut channel, mut start) = (0, 0_i64);
        while channel < bits {
            let slot = BitSlot { channel, bits: bits_per_id.min(bits - channel), start };
            start = match start.checked_add(1 << slot.bits) {
                Some(end) if end <= 1 << MAX_BITS_PER_ID => end,
                _ => return refuse("ids that together take at most 2^62 values", bits),
            };
            channel += slot.bits;
            slots.push(slot);
        }
        Ok(Self { slots })
    }

    /// One channel per bit and one slot per id. With several slots, each is named after its channels.
    pub(super) fn layout(&self) -> Layout {
        let name = |slot: &BitSlot| match self.slots.len() {
            1 => "code".to_owned(),
            _ => format!("bits {}..{}", slot.channel, slot.channel + slot.bits),
        };
        let slots: Vec<Slot> = self
            .slots
            .iter()
            .map(|slot| Slot { group: name(slot), codes: slot.start..slot.start + (1 << slot.bits) })
            .collect();
        let codes = slots.iter().map(|slot| slot.codes.end).max().unwrap_or(0);
        Layout { channels: self.slots.iter().map(|slot| slot.bits).sum(), codes, slots }
    }

    /// Ids `[N, S]` of bits `[N, C]`, `Bool`.
    pub(super) fn pack(&self, bits: &Tensor) -> Tensor {
        let ids: Vec<Tensor> = self
            .slots
            .iter()
            .map(|slot| {
                let own = bits.narrow(1, slot.channel, slot.bits).to_kind(Kind::Int64);
                own.bitwise_left_shift(&slot.shifts(bits.device())).sum_dim_intlist(1, false, Kind::Int64) + slot.start
            })
            .collect();
        Tensor::stack(&ids, 1)
    }

    /// Bits `[.., C]`, `Bool`, of ids `[.., S]`.
    pub(super) fn unpack(&self, ids: &Tensor) -> Tensor {
        let bits: Vec<Tensor> = self
            .slots
            .iter()
            .enumerate()
            .map(|(position, slot)| {
                let own = (ids.select(-1, position as i64) - slot.start).unsqueeze(-1); // [.., 1]
                own.bitwise_right_shift(&slot.shifts(ids.device())).bitwise_and(1)
            })
            .collect();
        Tensor::cat(&bits, -1).to_kind(Kind::Bool)
    }
}

impl BitSlot {
    /// The shift of each bit in the id, highest first.
    fn shifts(&self, device: Device) -> Tensor {
        Tensor::arange_start_step(self.bits - 1, -1, -1, (Kind::Int64, device))
    }
}

/// Codes `[.., C]`, `Float`, of bits `[.., C]`: `scale` where a bit is set, else `-scale`.
pub(super) fn signs(bits: &Tensor, scale: f64) -> Tensor {
    (bits.to_kind(Kind::Float) * 2.0 - 1.0) * scale
}
