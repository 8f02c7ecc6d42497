//! Padding masks.

use tch::{Kind, Tensor};

use crate::error::CoreError;

/// Selects the rows that are not padding. Without a mask, no row is padding.
///
/// A padded position is quantized like any other, so that all ids decode, but losses and updates ignore it.
#[derive(Debug)]
pub(crate) struct Mask(Option<Tensor>);

impl Mask {
    /// Takes `[B, H, W]`, `Bool`, false at padding, for latents `[B, C, H, W]`.
    pub(crate) fn new(op: &'static str, mask: Option<&Tensor>, latents: &Tensor) -> Result<Self, CoreError> {
        let Some(mask) = mask else { return Ok(Self(None)) };
        let size = latents.size();
        let expected = [size[0], size[2], size[3]];
        if mask.size() != expected {
            return Err(CoreError::Shape { op, expected: format!("a mask {expected:?}"), got: mask.size() });
        }
        if mask.kind() != Kind::Bool {
            return Err(CoreError::Dtype { op, expected: "Bool for the mask", got: format!("{:?}", mask.kind()) });
        }
        Ok(Self(Some(mask.reshape([-1]))))
    }

    /// A mask without padding.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Mean of `[N, ..]` over all elements of the selected rows; zero if no row is selected.
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

    /// The weight of each row `[N, ..]` in a mean over the selected rows: `[N]`, of their dtype. The weights sum to
    /// one, or to zero if no row is selected.
    pub(crate) fn weights(&self, rows: &Tensor) -> Tensor {
        let n = rows.size()[0];
        match &self.0 {
            None => Tensor::full([n], 1.0 / n.max(1) as f64, (rows.kind(), rows.device())),
            Some(keep) => keep.to_kind(rows.kind()) / keep.sum(Kind::Int64).clamp_min(1),
        }
    }

    /// The selected rows of `[N, ..]`.
    pub(crate) fn select(&self, rows: &Tensor) -> Tensor {
        match &self.0 {
            None => rows.shallow_clone(),
            Some(keep) => rows.index(&[Some(keep)]),
        }
    }
}
