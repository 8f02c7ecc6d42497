//! How near the positions of an image are to choosing a code.

use std::ops::Range;

use tch::{Kind, Tensor};

/// How near each position is to choosing a code of a group by squared distance: `[H, W]`, `Double`, 0 where it is chosen
/// and less elsewhere: the distance to the nearest code of the group, less that to this one.
///
/// `latents` is `[D, H, W]`, the group's channels; `codebook` is `[K, D]`; `code` is one of `group`.
pub(crate) fn nearness(latents: &Tensor, codebook: &Tensor, group: &Range<i64>, code: i64) -> Tensor {
    let size = latents.size();
    let rows = latents.flatten(1, 2).tr().to_kind(Kind::Double).unsqueeze(1); // [P, 1, D]
    let codes = codebook.narrow(0, group.start, group.end - group.start).to_kind(Kind::Double);
    let own = codes.get(code - group.start);
    let squared = |codes: &Tensor| (&rows - codes).square().sum_dim_intlist(-1, false, Kind::Double); // [P, codes]
    (squared(&codes).amin([1], false) - squared(&own.unsqueeze(0)).squeeze_dim(1)).view([size[1], size[2]])
}
