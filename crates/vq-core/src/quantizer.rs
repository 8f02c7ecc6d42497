//! The contract of every quantizer.

use std::ops::Range;

use tch::{Kind, Tensor};

use crate::finite::check_finite;
use crate::{CoreError, Mode, Updated};

/// What one id of a position may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Name of the group that the slot belongs to; the slots of one group are neighbours.
    pub group: String,
    /// The ids that the slot takes.
    pub codes: Range<i64>,
}

/// How a quantizer lays out channels and ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// `C`, the channels of the latents and of the codes.
    pub channels: i64,
    /// `K`, the number of codes.
    pub codes: i64,
    /// One entry for each of the `S` ids of a position.
    pub slots: Vec<Slot>,
}

/// What a quantizer gives back.
#[derive(Debug)]
pub struct Quantized {
    /// `[B, C, H, W]`; the gradient passes straight through to the latents.
    pub codes: Tensor,
    /// `[B, H, W, S]`, `Int64`, laid out as [`Quantizer::layout`] says.
    pub indices: Tensor,
    /// Scalar; zero where a quantizer has no loss.
    pub loss: Tensor,
    /// What a loss of one's own needs to reach the codebook; none where codes are no rows of one.
    pub live: Option<LiveCodes>,
}

/// The codebook of a pass, on the autograd graph of whatever makes it.
#[derive(Debug)]
pub struct LiveCodes {
    /// `[K, D]`, as the distance saw them.
    pub codebook: Tensor,
    /// `[B, C, H, W]`, the value of [`Quantized::codes`] with a gradient to the codebook instead of the latents.
    pub codes: Tensor,
}

/// What a training step saw, for [`Quantizer::update`].
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// `[B, C, H, W]`, the latents that were quantized.
    pub latents: &'a Tensor,
    /// `[B, H, W, S]`, the ids that they were given.
    pub indices: &'a Tensor,
    /// `[B, H, W]`, `Bool`, true where a position counts; none if all do.
    pub mask: Option<&'a Tensor>,
}

/// Turns latents into codes and ids, and ids back into the same codes.
pub trait Quantizer: std::fmt::Debug + Send {
    /// Channels and ids.
    fn layout(&self) -> &Layout;

    /// Quantizes latents `[B, C, H, W]`; nothing is changed by the call.
    ///
    /// Where a mask `[B, H, W]` of kind `Bool` is false, a position is padding: it gets codes and ids like any other,
    /// but the loss leaves it out.
    ///
    /// # Errors
    /// [`CoreError::Shape`] if the latents have another number of axes or channels, or the mask another shape;
    /// [`CoreError::Kind`] if the mask is not `Bool` or the latents are no floating-point numbers;
    /// [`CoreError::NotFinite`] if a latent is NaN or infinite.
    fn quantize_masked(&self, latents: &Tensor, mask: Option<&Tensor>, mode: Mode) -> Result<Quantized, CoreError>;

    /// Codes `[B, C, H, W]` of ids `[B, H, W, S]`: bit for bit those that [`Quantizer::quantize`] gave with the ids.
    ///
    /// # Errors
    /// [`CoreError::Shape`], [`CoreError::Kind`] or [`CoreError::Id`] if the ids do not fit the layout.
    fn lookup(&self, indices: &Tensor) -> Result<Tensor, CoreError>;

    /// Quantizes latents `[B, C, H, W]` of which every position counts.
    ///
    /// # Errors
    /// Those of [`Quantizer::quantize_masked`].
    fn quantize(&self, latents: &Tensor, mode: Mode) -> Result<Quantized, CoreError> {
        self.quantize_masked(latents, None, mode)
    }

    /// Places the codes among the first latents `[B, C, H, W]`, where a codebook wants that (k-means); call it once,
    /// before the first step. Leave padding out: `[N, C, 1, 1]` will do.
    ///
    /// # Errors
    /// Those of [`Quantizer::quantize`].
    fn initialize(&mut self, _latents: &Tensor) -> Result<(), CoreError> {
        Ok(())
    }

    /// Learns from a training step what no gradient teaches: moving averages, revival of dead codes.
    /// Call it after the optimizer's step.
    ///
    /// # Errors
    /// [`CoreError`] if latents, ids or mask do not fit.
    fn update(&mut self, _seen: &Seen<'_>) -> Result<Updated, CoreError> {
        Ok(Updated::default())
    }
}

impl Layout {
    /// Distinct groups in order, each with its codes.
    pub fn groups(&self) -> Vec<&Slot> {
        let mut groups: Vec<&Slot> = Vec::new();
        for slot in &self.slots {
            if groups.last().is_none_or(|last| last.group != slot.group) {
                groups.push(slot);
            }
        }
        groups
    }

    /// Checks latents `[B, C, H, W]`: shape, kind, and that each is a finite number.
    pub(crate) fn check_latents(&self, op: &'static str, latents: &Tensor) -> Result<(), CoreError> {
        match latents.size()[..] {
            [_, channels, _, _] if channels == self.channels => check_finite(op, "latents", latents),
            _ => Err(CoreError::Shape { op, expected: format!("[B, {}, H, W]", self.channels), got: latents.size() }),
        }
    }

    /// Checks what a training step saw: latents, ids, and that they are of one grid.
    pub(crate) fn check_seen(&self, op: &'static str, seen: &Seen<'_>) -> Result<(), CoreError> {
        self.check_latents(op, seen.latents)?;
        self.check_indices(op, seen.indices)?;
        let size = seen.latents.size();
        let expected = [size[0], size[2], size[3], self.slots.len() as i64];
        if seen.indices.size() == expected {
            return Ok(());
        }
        Err(CoreError::Shape { op, expected: format!("ids {expected:?}"), got: seen.indices.size() })
    }

    /// Checks ids `[B, H, W, S]`: shape, kind and the range of each slot.
    ///
    /// # Errors
    /// [`CoreError::Shape`], [`CoreError::Kind`] or [`CoreError::Id`].
    pub fn check_indices(&self, op: &'static str, indices: &Tensor) -> Result<(), CoreError> {
        let slots = self.slots.len() as i64;
        if !matches!(indices.size()[..], [_, _, _, s] if s == slots) {
            let expected = format!("[B, H, W, {slots}]");
            return Err(CoreError::Shape { op, expected, got: indices.size() });
        }
        if indices.kind() != Kind::Int64 {
            return Err(CoreError::Kind { op, expected: "Int64", got: format!("{:?}", indices.kind()) });
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
