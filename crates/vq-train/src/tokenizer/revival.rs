//! Unused codes move to latents.

use std::ops::Range;

use tch::{Kind, Tensor};
use vq_core::{Layout, Slot};

use vq_experiment::ConfigError;

use crate::{ModelOptimizer, TrainError};

/// The parameter whose rows are the codes, if codes are learned one by one.
const CODES: &str = "codebook.weight";

/// Moves the codes `unused` `[M]` of a group to random latents of `[B, C, H, W]`, no two to the same, and resets their
/// optimizer state; returns how many were moved.
///
/// If there are fewer latents than codes, the codes are drawn too; the others wait for the next window. As in
/// SoundStream (arXiv 2107.03312, section III-C), a code must be near latents to be chosen.
///
/// # Errors
/// [`TrainError::Config`] if the codes are not a parameter of their own.
pub(super) fn revive(
    optimizer: &ModelOptimizer,
    layout: &Layout,
    group: &Slot,
    unused: &Tensor,
    latents: &Tensor,
) -> Result<i64, TrainError> {
    let channels = channels_of(layout, group);
    let width = channels.end - channels.start;
    tch::no_grad(|| {
        let rows = latents.narrow(1, channels.start, width).permute([0, 2, 3, 1]).reshape([-1, width]); // [N, D]
        let count = unused.size()[0].min(rows.size()[0]);
        let drawn = |from: i64| Tensor::randperm(from, (Kind::Int64, latents.device())).narrow(0, 0, count);
        let ids = unused.index_select(0, &drawn(unused.size()[0])); // [n]
        let vectors = rows.index_select(0, &drawn(rows.size()[0])).to_kind(Kind::Float); // [n, D]

        let adam = optimizer.adam();
        let averages = optimizer.average().map(|average| average.state(adam)).unwrap_or_default();
        put(adam.views(&adam.values()), CODES, &ids, &vectors)?;
        if !averages.is_empty() {
            put(averages, CODES, &ids, &vectors)?;
        }
        for moment in ["first", "second"] {
            put(adam.state(), &format!("{moment}.{CODES}"), &ids, &vectors.zeros_like())?;
        }
        Ok(count)
    })
}

/// Replaces the rows `ids` of the tensor of this name.
fn put(state: Vec<(String, Tensor)>, name: &str, ids: &Tensor, rows: &Tensor) -> Result<(), TrainError> {
    let found = state.into_iter().find(|(found, _)| found == name);
    let expected = format!("`warn` or `stop` for a quantizer without `{CODES}`");
    let (_, mut codes) = found.ok_or_else(|| ConfigError::value("guards.usage.remedy", expected, "revive"))?;
    let _ = codes.f_index_copy_(0, ids, rows)?;
    Ok(())
}

/// The channels of a group: the groups divide them evenly, in order.
fn channels_of(layout: &Layout, group: &Slot) -> Range<i64> {
    let groups = layout.groups();
    let position = groups.iter().position(|other| *other == group).unwrap_or(0) as i64;
    let width = layout.channels / groups.len() as i64;
    position * width..(position + 1) * width
}
