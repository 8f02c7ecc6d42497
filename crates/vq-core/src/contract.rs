//! The contract of the crate: [`Codebook`] makes codes, [`Quantizer`] turns latents into codes and ids.

use std::ops::Range;

use tch::{Kind, Tensor};

use crate::check::check_finite;
use crate::distance::Distance;
use crate::error::CoreError;

/// Whether a forward pass trains or evaluates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Dropout and sampling are on, and gradients are needed.
    Train,
    /// The pass is deterministic.
    Eval,
}

/// Size and dimension of a codebook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodebookShape {
    /// `K`, the number of codes.
    pub size: i64,
    /// `D`, the dimension of a code.
    pub dim: i64,
}

/// Vectors and the ids that they were assigned, for [`Codebook::update`].
#[derive(Debug)]
pub struct Assignment {
    /// `[N, D]`, detached from the autograd graph.
    pub vectors: Tensor,
    /// `[N]`, `Int64`, each in `0..K`.
    pub ids: Tensor,
    /// The distance by which the codes were chosen; with [`Distance::Cosine`] the vectors have length one.
    pub distance: Distance,
}

/// What an update changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UpdateStats {
    /// Dead codes that were replaced.
    pub revived: i64,
}

/// A matrix of codes, which may be computed from parameters.
///
/// An implementation needs [`shape`](Self::shape) and [`vectors`](Self::vectors). Every quantizer that searches accepts
/// any codebook.
pub trait Codebook: std::fmt::Debug + Send {
    /// Size and dimension of the codebook.
    fn shape(&self) -> CodebookShape;

    /// The codes, `[K, D]`, on the autograd graph. Each call computes them again.
    fn vectors(&self, mode: Mode) -> Tensor;

    /// Whether gradients train the codes. If not, the loss has no codebook term.
    fn learns_by_gradient(&self) -> bool {
        true
    }

    /// Initializes the codes from vectors `[N, D]` before the first step, if the codebook is configured to do so.
    /// The vectors are prepared for `distance`: with [`Distance::Cosine`] they have length one.
    ///
    /// # Errors
    /// [`CoreError`] if the vectors do not fit.
    fn initialize(&mut self, vectors: &Tensor, distance: Distance) -> Result<(), CoreError> {
        let _ = (vectors, distance);
        Ok(())
    }

    /// Applies the non-gradient part of a training step: moving averages, revival of dead codes.
    ///
    /// # Errors
    /// [`CoreError`] if the assignment does not fit.
    fn update(&mut self, assignment: &Assignment) -> Result<UpdateStats, CoreError> {
        let _ = assignment;
        Ok(UpdateStats::default())
    }
}

/// One of the `S` ids of a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Name of the group that the slot belongs to. The slots of a group are adjacent.
    pub group: String,
    /// The range of ids that the slot can hold.
    pub codes: Range<i64>,
}

/// Channels and ids of a quantizer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// `C`, the channels of the latents and of the codes.
    pub channels: i64,
    /// `K`, the number of codes.
    pub codes: i64,
    /// One entry for each of the `S` ids of a position.
    pub slots: Vec<Slot>,
}

impl Layout {
    /// The distinct groups in order. Each is given by its first slot.
    pub fn groups(&self) -> Vec<&Slot> {
        let mut groups: Vec<&Slot> = Vec::new();
        for slot in &self.slots {
            if groups.last().is_none_or(|last| last.group != slot.group) {
                groups.push(slot);
            }
        }
        groups
    }

    /// Checks latents `[B, C, H, W]`: shape, dtype, and that all elements are finite.
    ///
    /// # Errors
    /// [`CoreError::Shape`], [`CoreError::Dtype`] or [`CoreError::NotFinite`].
    pub fn check_latents(&self, op: &'static str, latents: &Tensor) -> Result<(), CoreError> {
        match latents.size()[..] {
            [_, channels, _, _] if channels == self.channels => check_finite(op, "latents", latents),
            _ => Err(CoreError::Shape { op, expected: format!("[B, {}, H, W]", self.channels), got: latents.size() }),
        }
    }

    /// Checks ids `[B, H, W, S]`: shape, dtype and the range of each slot.
    ///
    /// # Errors
    /// [`CoreError::Shape`], [`CoreError::Dtype`] or [`CoreError::Id`].
    pub fn check_indices(&self, op: &'static str, indices: &Tensor) -> Result<(), CoreError> {
        let slots = self.slots.len() as i64;
        if !matches!(indices.size()[..], [_, _, _, s] if s == slots) {
            let expected = format!("[B, H, W, {slots}]");
            return Err(CoreError::Shape { op, expected, got: indices.size() });
        }
        if indices.kind() != Kind::Int64 {
            return Err(CoreError::Dtype { op, expected: "Int64", got: format!("{:?}", indices.kind()) });
        }
        if indices.numel() == 0 {
            return Ok(());
        }
        for (position, slot) in self.slots.iter().enumerate() {
            let ids = indices.select(3, position as i64);
            for got in [ids.min().int64_value(&[]), ids.max().int64_value(&[])] {
                if !slot.codes.contains(&got) {
                    let Range { start, end } = slot.codes;
                    return Err(CoreError::Id { op, slot: position, group: slot.group.clone(), start, end, got });
                }
            }
        }
        Ok(())
    }
}

/// The output of [`Quantizer::quantize`].
#[derive(Debug)]
pub struct Quantized {
    /// `[B, C, H, W]`, with the estimated gradient to the latents.
    pub codes: Tensor,
    /// `[B, H, W, S]`, `Int64`, with the slots of [`Quantizer::layout`].
    pub indices: Tensor,
    /// Scalar; zero if the quantizer has no loss.
    pub loss: Tensor,
    /// The same codes with gradients to the codebook, for additional losses. `None` if the codes are not rows of one
    /// codebook.
    pub live: Option<LiveCodes>,
}

/// The codes of a pass, with gradients to the codebook.
#[derive(Debug)]
pub struct LiveCodes {
    /// `[K, D]`, normalized if the distance is [`Distance::Cosine`].
    pub codebook: Tensor,
    /// `[B, C, H, W]`, the values of [`Quantized::codes`] with a gradient to the codebook instead of the latents.
    pub codes: Tensor,
}

/// Latents and the ids that they were assigned in a training step, for [`Quantizer::update`].
#[derive(Debug, Clone, Copy)]
pub struct QuantizedBatch<'a> {
    /// `[B, C, H, W]`, the latents.
    pub latents: &'a Tensor,
    /// `[B, H, W, S]`, their ids.
    pub indices: &'a Tensor,
    /// `[B, H, W]`, `Bool`, false at padding. `None` if there is no padding.
    pub mask: Option<&'a Tensor>,
}

impl QuantizedBatch<'_> {
    /// Checks latents and ids against `layout`, and that both have the same grid.
    pub(crate) fn check(&self, op: &'static str, layout: &Layout) -> Result<(), CoreError> {
        layout.check_latents(op, self.latents)?;
        layout.check_indices(op, self.indices)?;
        let size = self.latents.size();
        let expected = [size[0], size[2], size[3], layout.slots.len() as i64];
        if self.indices.size() == expected {
            return Ok(());
        }
        Err(CoreError::Shape { op, expected: format!("ids {expected:?}"), got: self.indices.size() })
    }
}

/// Turns latents into codes and ids, and ids back into the same codes.
///
/// An implementation needs a layout, [`quantize_masked`](Self::quantize_masked) and [`lookup`](Self::lookup). The
/// example `custom_quantizer.rs` has one, and checks it by the laws of `tests/it/laws.rs`.
pub trait Quantizer: std::fmt::Debug + Send {
    /// Channels and ids.
    fn layout(&self) -> &Layout;

    /// Quantizes latents `[B, C, H, W]`. The call changes no state.
    ///
    /// Where a mask `[B, H, W]` of dtype `Bool` is false, a position is padding: it gets codes and ids like any other
    /// position, but the loss ignores it.
    ///
    /// # Errors
    /// [`CoreError::Shape`] if the latents have another number of axes or channels, or the mask another shape;
    /// [`CoreError::Dtype`] if the mask is not `Bool` or the latents are not floating point;
    /// [`CoreError::NotFinite`] if a latent is NaN or infinite.
    fn quantize_masked(&self, latents: &Tensor, mask: Option<&Tensor>, mode: Mode) -> Result<Quantized, CoreError>;

    /// Codes `[B, C, H, W]` of ids `[B, H, W, S]`, bit for bit those that [`Quantizer::quantize`] returned with the
    /// ids.
    ///
    /// # Errors
    /// [`CoreError::Shape`], [`CoreError::Dtype`] or [`CoreError::Id`] if the ids do not fit the layout.
    fn lookup(&self, indices: &Tensor) -> Result<Tensor, CoreError>;

    /// Quantizes latents `[B, C, H, W]` without padding.
    ///
    /// # Errors
    /// Those of [`Quantizer::quantize_masked`].
    fn quantize(&self, latents: &Tensor, mode: Mode) -> Result<Quantized, CoreError> {
        self.quantize_masked(latents, None, mode)
    }

    /// Initializes the codes from the first latents `[B, C, H, W]`, if the codebook is configured to do so (k-means).
    /// Call it once, before the first step, without padding: `[N, C, 1, 1]` is accepted.
    ///
    /// # Errors
    /// Those of [`Quantizer::quantize`].
    fn initialize(&mut self, latents: &Tensor) -> Result<(), CoreError> {
        let _ = latents;
        Ok(())
    }

    /// Applies the non-gradient part of a training step: moving averages, revival of dead codes.
    /// Call it after the optimizer's step.
    ///
    /// # Errors
    /// [`CoreError`] if latents, ids or mask do not fit.
    fn update(&mut self, batch: &QuantizedBatch<'_>) -> Result<UpdateStats, CoreError> {
        let _ = batch;
        Ok(UpdateStats::default())
    }
}
