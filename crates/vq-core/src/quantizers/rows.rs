//! Grids of latents as rows of vectors, and back.

use tch::{Kind, Tensor};

use crate::check::check_finite;
use crate::contract::Layout;
use crate::error::CoreError;

/// `[B, C, H, W]` as rows `[B * H * W, C]` of dtype `kind`.
pub(super) fn rows_of(latents: &Tensor, kind: Kind) -> Tensor {
    latents.permute([0, 2, 3, 1]).flatten(0, 2).to_kind(kind)
}

/// The dtype of latents, or `Float` for `Half` and `BFloat16`: sums over a batch need the precision.
pub(super) fn full_kind(latents: &Tensor) -> Kind {
    match latents.kind() {
        Kind::Half | Kind::BFloat16 => Kind::Float,
        kind => kind,
    }
}

/// Checks the latents of a quantizer without parameters and returns them as rows `[B * H * W, C]`, `Float`.
///
/// Such a quantizer computes in `Float` for every dtype of the latents, because a lookup has only ids and must return
/// the same codes. A `Double` beyond the range of `Float` is an error.
pub(super) fn float_rows(op: &'static str, layout: &Layout, latents: &Tensor) -> Result<Tensor, CoreError> {
    layout.check_latents(op, latents)?;
    if latents.kind() == Kind::Double {
        check_finite(op, "latents as Float", &latents.to_kind(Kind::Float))?;
    }
    Ok(rows_of(latents, Kind::Float))
}

/// Rows `[B * H * W, C]` as a grid `[B, C, H, W]`, with the axes of `like`. The grid is contiguous: a permuted one
/// would switch every following convolution to the channels-last kernels, which are slower on CPUs.
pub(super) fn grid_of(rows: &Tensor, like: &Tensor) -> Tensor {
    let size = like.size();
    rows.view([size[0], size[2], size[3], rows.size()[1]]).permute([0, 3, 1, 2]).contiguous()
}

/// Ids `[B * H * W, S]` as `[B, H, W, S]`, with the axes of `like`, `[B, C, H, W]`.
pub(super) fn ids_of(indices: &Tensor, like: &Tensor) -> Tensor {
    let size = like.size();
    indices.view([size[0], size[2], size[3], indices.size()[1]])
}
