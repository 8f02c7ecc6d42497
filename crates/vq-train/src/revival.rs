//! New places for codes that are not used.

use std::ops::Range;

use tch::{Kind, Tensor};
use vq_core::{Layout, Slot};

use crate::TrainError;
use crate::step::Learner;

/// The parameter whose rows are the codes, where each code is learned on its own.
const CODES: &str = "codebook.weight";

/// Places codes `unused` `[M]` of a group on latents `[B, C, H, W]` drawn at random, no two on the same, and forgets
/// what the optimizer remembers of them; gives how many were placed.
///
/// Where fewer latents are at hand than codes, the codes that get one are drawn too: the others wait for the next
/// window. As in SoundStream (arXiv 2107.03312, section III-C), a code must lie where latents are to be chosen.
///
/// # Errors
/// [`TrainError::Option`] if the codes are no parameter of their own.
pub(crate) fn revive(
    learner: &mut Learner,
    layout: &Layout,
    group: &Slot,
    unused: &Tensor,
    latents: &Tensor,
) -> Result<i64, TrainError> {
    let channels = channels_of(layout, group);
    let width = channels.end - channels.start;
    tch::no_grad(|| {
        let rows = latents.narrow(1, channels.start, width).permute([0, 2, 3, 1]).reshape([-1, width]); // [N, D]
        let many = unused.size()[0].min(rows.size()[0]);
        let drawn = |from: i64| Tensor::randperm(from, (Kind::Int64, latents.device())).narrow(0, 0, many);
        let ids = unused.index_select(0, &drawn(unused.size()[0])); // [many]
        let places = rows.index_select(0, &drawn(rows.size()[0])).to_kind(Kind::Float); // [many, D]

        let adam = &learner.adam;
        let averages = learner.average.as_ref().map(|average| average.state(adam)).unwrap_or_default();
        put(adam.views(&adam.values()), CODES, &ids, &places)?;
        if !averages.is_empty() {
            put(averages, CODES, &ids, &places)?;
        }
        for moment in ["first", "second"] {
            put(adam.state(), &format!("{moment}.{CODES}"), &ids, &places.zeros_like())?;
        }
        Ok(many)
    })
}

/// Replaces the rows `ids` of the tensor of this name.
fn put(state: Vec<(String, Tensor)>, name: &str, ids: &Tensor, rows: &Tensor) -> Result<(), TrainError> {
    let found = state.into_iter().find(|(found, _)| found == name);
    let (_, mut codes) = found.ok_or_else(|| TrainError::Option {
        key: "guards.usage.remedy",
        expected: format!("`warn` or `stop` for a quantizer without `{CODES}`"),
        got: "revive".into(),
    })?;
    let _ = codes.f_index_copy_(0, ids, rows)?;
    Ok(())
}

/// The channels that a group meets: the groups divide them evenly, in order.
fn channels_of(layout: &Layout, group: &Slot) -> Range<i64> {
    let groups = layout.groups();
    let position = groups.iter().position(|other| *other == group).unwrap_or(0) as i64;
    let width = layout.channels / groups.len() as i64;
    position * width..(position + 1) * width
}
