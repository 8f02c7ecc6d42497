//! Counting of ids, for [`UsageCounter`](super::UsageCounter) and [`UsageWindow`](super::UsageWindow).

use tch::{Device, Kind, Tensor};

use super::histogram::Histogram;
use crate::contract::Layout;
use crate::error::CoreError;
use crate::mask::Mask;

/// Largest number of codes that can be counted: 2 GiB of counters.
const MAX_COUNTERS: i64 = 1 << 28;

/// Zero counts of all codes: `[K]`, `Int64`, on the CPU.
pub(super) fn zero_counts(op: &'static str, layout: &Layout) -> Result<Tensor, CoreError> {
    if layout.codes > MAX_COUNTERS {
        let expected = format!("at most {MAX_COUNTERS} codes to count");
        return Err(CoreError::Option { op, expected, got: layout.codes.to_string() });
    }
    Ok(Tensor::zeros([layout.codes], (Kind::Int64, Device::Cpu)))
}

/// Counts of the ids `[B, H, W, S]` at the unmasked positions: `[K]`, `Int64`, on the device of the ids.
pub(super) fn count(
    op: &'static str,
    layout: &Layout,
    indices: &Tensor,
    mask: Option<&Tensor>,
) -> Result<Tensor, CoreError> {
    layout.check_indices(op, indices)?;
    let mask = Mask::new(op, mask, &indices.permute([0, 3, 1, 2]))?;
    Ok(mask.select(&indices.flatten(0, 2)).flatten(0, 1).bincount::<Tensor>(None, layout.codes))
}

/// Splits counts `[K]`, `Int64`, into the groups of the layout.
pub(super) fn histograms(layout: &Layout, counts: &Tensor) -> Vec<Histogram> {
    let mut all = vec![0; counts.numel()];
    counts.to_device(Device::Cpu).copy_data(&mut all, counts.numel());
    let groups = layout.groups().into_iter().map(|slot| Histogram {
        group: slot.group.clone(),
        codes: slot.codes.clone(),
        counts: all[slot.codes.start as usize..slot.codes.end as usize].to_vec(),
    });
    groups.collect()
}
