//! How near the positions of an image are to choosing each code.

use std::ops::Range;

use tch::{Kind, Tensor};

/// How near each position of an image is to choosing each code of a group by squared distance.
pub(crate) struct Nearness {
    /// `[P, codes of the group]`, `Double`.
    distances: Tensor,
    /// `[P]`, the distance to the nearest code.
    nearest: Tensor,
    first: i64,
    grid: [i64; 2],
}

impl Nearness {
    /// From latents `[D, H, W]` of the group's channels to the rows `group` of a codebook `[K, D]`.
    pub(crate) fn new(latents: &Tensor, codebook: &Tensor, group: &Range<i64>) -> Self {
        let size = latents.size();
        let rows = latents.flatten(1, 2).tr().to_kind(Kind::Double).unsqueeze(1); // [P, 1, D]
        let codes = codebook.narrow(0, group.start, group.end - group.start).to_kind(Kind::Double);
        let distances = (rows - codes).square().sum_dim_intlist(-1, false, Kind::Double);
        let nearest = distances.amin([1], false);
        Self { distances, nearest, first: group.start, grid: [size[1], size[2]] }
    }

    /// `[H, W]`, `Double`, for a code of the group: the squared distance to the nearest code minus that to this one,
    /// which is 0 where it is chosen and negative elsewhere.
    pub(crate) fn to(&self, code: i64) -> Tensor {
        (&self.nearest - self.distances.select(1, code - self.first)).view(self.grid)
    }
}
