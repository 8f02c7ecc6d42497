//! Grids of latents as rows of vectors, and back.

use tch::{Kind, Tensor};

use crate::finite::check_finite;
use crate::{CoreError, Layout};

/// `[B, C, H, W]` as rows `[B * H * W, C]` of kind `kind`.
pub(crate) fn rows_of(latents: &Tensor, kind: Kind) -> Tensor {
    latents.permute([0, 2, 3, 1]).flatten(0, 2).to_kind(kind)
}

/// The kind of latents, or `Float` where it has fewer digits: sums over a batch need them.
pub(crate) fn full_kind(latents: &Tensor) -> Kind {
    match latents.kind() {
        Kind::Half | Kind::BFloat16 => Kind::Float,
        kind => kind,
    }
}

/// Latents of a quantizer without parameters, checked, as rows `[B * H * W, C]` of kind `Float`.
///
/// Such a quantizer computes in `Float` whatever the kind of the latents is: a lookup knows ids alone, and has to give
/// the same codes. A `Double` that no `Float` can hold is refused.
pub(crate) fn float_rows(op: &'static str, layout: &Layout, latents: &Tensor) -> Result<Tensor, CoreError> {
    layout.check_latents(op, latents)?;
    if latents.kind() == Kind::Double {
        check_finite(op, "latents as Float", &latents.to_kind(Kind::Float))?;
    }
    Ok(rows_of(latents, Kind::Float))
}

/// Rows `[B * H * W, C]` as a grid `[B, C, H, W]`, with the axes of `like`; contiguous, since a permuted grid would
/// switch every convolution after it to the channels-last kernels, which are slower on CPUs.
pub(crate) fn grid_of(rows: &Tensor, like: &Tensor) -> Tensor {
    let size = like.size();
    rows.view([size[0], size[2], size[3], rows.size()[1]]).permute([0, 3, 1, 2]).contiguous()
}

/// Ids `[B * H * W, S]` as `[B, H, W, S]`, with the axes of `like`, `[B, C, H, W]`.
pub(crate) fn ids_of(indices: &Tensor, like: &Tensor) -> Tensor {
    let size = like.size();
    indices.view([size[0], size[2], size[3], indices.size()[1]])
}

/// Which rows count: none named means all.
///
/// A padded position is quantized like any other, so that ids always decode, but no loss and no update sees it.
#[derive(Debug)]
pub(crate) struct Mask(Option<Tensor>);

impl Mask {
    /// Takes `[B, H, W]`, `Bool`, true where a position counts, for latents `[B, C, H, W]`.
    pub(crate) fn new(op: &'static str, mask: Option<&Tensor>, latents: &Tensor) -> Result<Self, CoreError> {
        let Some(mask) = mask else { return Ok(Self(None)) };
        let size = latents.size();
        let expected = [size[0], size[2], size[3]];
        if mask.size() != expected {
            return Err(CoreError::Shape { op, expected: format!("a mask {expected:?}"), got: mask.size() });
        }
        if mask.kind() != Kind::Bool {
            return Err(CoreError::Kind { op, expected: "Bool for the mask", got: format!("{:?}", mask.kind()) });
        }
        Ok(Self(Some(mask.reshape([-1]))))
    }

    /// Mean of `[N, ..]` over the rows that count and over everything within a row; zero if no row counts.
    pub(crate) fn mean(&self, values: &Tensor) -> Tensor {
        if values.numel() == 0 {
            return values.sum(None::<Kind>);
        }
        let values = values.reshape([values.size()[0], -1]);
        let width = values.size()[1];
        match &self.0 {
            None => values.mean(None::<Kind>),
            Some(keep) => {
                let counted = keep.sum(Kind::Int64).clamp_min(1) * width;
                values.where_self(&keep.unsqueeze(1), &values.zeros_like().detach()).sum(None::<Kind>) / counted
            }
        }
    }

    /// What each of the rows `[N, ..]` counts in a mean over rows: `[N]`, of their kind; sums to one, or to zero if no
    /// row counts.
    pub(crate) fn weights(&self, rows: &Tensor) -> Tensor {
        let n = rows.size()[0];
        match &self.0 {
            None => Tensor::full([n], 1.0 / n.max(1) as f64, (rows.kind(), rows.device())),
            Some(keep) => keep.to_kind(rows.kind()) / keep.sum(Kind::Int64).clamp_min(1),
        }
    }

    /// The rows of `[N, ..]` that count.
    pub(crate) fn select(&self, rows: &Tensor) -> Tensor {
        match &self.0 {
            None => rows.shallow_clone(),
            Some(keep) => rows.index(&[Some(keep)]),
        }
    }
}
