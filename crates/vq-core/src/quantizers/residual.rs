//! Residual quantizer: each stage quantizes the residual of the previous stages.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::gradient::GradientEstimator;
use super::id_segments::{IdSegment, IdSegments};
use crate::contract::{Layout, Mode, Quantized, QuantizedBatch, Quantizer, Slot, UpdateStats};
use crate::error::CoreError;
use crate::mask::Mask;

/// Options of a [`ResidualQuantizer`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ResidualConfig {
    /// The gradient estimator from the sum of all stages to the latents.
    pub gradient: GradientEstimator,
    /// In training, skip late stages at random; off if not set.
    pub dropout: Option<StageDropoutConfig>,
}

/// Stage dropout (SoundStream, section III-C, "enabling bitrate scalability with quantizer dropout").
///
/// For each image of a batch, the number of stages is drawn uniformly from `min_stages` to all.
/// Each stage has one additional id, its last, for a skipped stage; its code is zero. The ids of every pass therefore
/// decode to the pass's codes, and [`ResidualQuantizer::keep_stages`] shortens a description.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StageDropoutConfig {
    /// Number of stages that are never skipped, at least one.
    pub min_stages: i64,
}

impl Default for StageDropoutConfig {
    fn default() -> Self {
        Self { min_stages: 1 }
    }
}

/// Quantizes in stages; the code of a position is the sum of the stages' codes (SoundStream, arXiv 2107.03312,
/// section III-C, algorithm 1; RQ-VAE, arXiv 2203.01941, section 3.1).
///
/// The input of stage `s` is `z - (c_1 + .. + c_(s-1))`, with detached codes.
/// The loss is the sum of the stages' losses; with the commitment term of VQ-VAE it is the loss of RQ-VAE.
/// The gradient estimator is applied once, to the sum, as in RQ-VAE: the straight-through gradient is the identity. In
/// vector-quantize-pytorch each of `S` stages applies it, and the latents get `S` times the gradient.
/// A stage therefore learns from its loss and its updates only; it gets no gradient from a decoder.
///
/// Slots and id ranges are those of the stages, concatenated in order, also if stages share a
/// [`SharedCodebook`](crate::SharedCodebook). Group `code` of the first stage is named `stage 0 code`.
#[derive(Debug)]
pub struct ResidualQuantizer {
    stages: Vec<Box<dyn Quantizer>>,
    segments: Vec<IdSegment>,
    config: ResidualConfig,
    layout: Layout,
}

impl ResidualQuantizer {
    /// Chains stages with equal channels.
    ///
    /// # Errors
    /// [`CoreError::Option`] if there are no stages or their channels differ; with dropout, also if `min_stages` is not
    /// in `1..=stages` or a stage has more than one group of codes.
    pub fn new(stages: Vec<Box<dyn Quantizer>>, config: ResidualConfig) -> Result<Self, CoreError> {
        let refuse =
            |expected: String, got: String| Err(CoreError::Option { op: "ResidualQuantizer::new", expected, got });
        let Some(first) = stages.first() else { return refuse("at least one stage".into(), "0".into()) };
        let channels = first.layout().channels;
        if let Some(dropout) = &config.dropout
            && !(1..=stages.len() as i64).contains(&dropout.min_stages)
        {
            let expected = format!("min_stages in 1..={}", stages.len());
            return refuse(expected, dropout.min_stages.to_string());
        }
        let mut segments = IdSegments::default();
        for (number, stage) in stages.iter().enumerate() {
            let mut layout = stage.layout().clone();
            if layout.channels != channels {
                return refuse(format!("stages with {channels} channels"), layout.channels.to_string());
            }
            if config.dropout.is_some() {
                if layout.slots.iter().any(|slot| slot.codes != (0..layout.codes)) {
                    let groups = layout.groups().len();
                    return refuse("stages with one group of codes for dropout".into(), format!("{groups} groups"));
                }
                layout.codes += 1;
                let whole = |slot: &Slot| Slot { group: slot.group.clone(), codes: 0..layout.codes };
                layout.slots = layout.slots.iter().map(whole).collect();
            }
            segments.push(&format!("stage {number}"), &layout);
        }
        let layout = Layout { channels, codes: segments.codes, slots: segments.slots };
        Ok(Self { stages, segments: segments.segments, config, layout })
    }

    /// Marks all but the first `stages` stages of `indices` `[B, H, W, S]` as skipped; returns ids of the same shape.
    ///
    /// # Errors
    /// [`CoreError::Option`] if the quantizer has no stage dropout or fewer stages;
    /// [`CoreError::Shape`], [`CoreError::Dtype`] or [`CoreError::Id`] if the ids do not fit the layout.
    pub fn keep_stages(&self, indices: &Tensor, stages: i64) -> Result<Tensor, CoreError> {
        const OP: &str = "ResidualQuantizer::keep_stages";
        self.layout.check_indices(OP, indices)?;
        let all = self.stages.len() as i64;
        if self.config.dropout.is_none() || !(0..=all).contains(&stages) {
            let expected = format!("a quantizer with stage dropout and 0 to {all} stages");
            let got = format!("{stages} stages, dropout {:?}", self.config.dropout);
            return Err(CoreError::Option { op: OP, expected, got });
        }
        let kept = self.stages().zip(0..).map(|(stage, number)| {
            let own = stage.segment.local(indices);
            stage.segment.global(&if number < stages { own } else { own.full_like(stage.skipped_id()) })
        });
        Ok(Tensor::cat(&kept.collect::<Vec<_>>(), 3))
    }

    fn stages(&self) -> impl Iterator<Item = Stage<'_>> {
        let stages = self.stages.iter().zip(&self.segments);
        stages.map(|(quantizer, segment)| Stage { quantizer: quantizer.as_ref(), segment })
    }

    /// Draws the number of stages of each image of a batch, `[B]`; `None` without dropout.
    fn draw_stages(&self, latents: &Tensor, mode: Mode) -> Option<Tensor> {
        let dropout = self.config.dropout.as_ref().filter(|_| mode == Mode::Train)?;
        let all = self.stages.len() as i64;
        Some(Tensor::randint_low(dropout.min_stages, all + 1, latents.size()[0], (Kind::Int64, latents.device())))
    }

    /// The ids of a stage, and the positions where it was skipped.
    fn own_ids(&self, stage: &Stage<'_>, indices: &Tensor) -> StageIds {
        let own = stage.segment.local(indices);
        if self.config.dropout.is_none() {
            return StageIds { own, skipped: None };
        }
        let skipped = own.eq(stage.skipped_id()); // [B, H, W, s]
        StageIds { own: own.masked_fill(&skipped, 0), skipped: Some(skipped.any_dim(3, false)) }
    }

    /// The codes `[B, C, H, W]` of a stage for ids of all stages, zero where it was skipped.
    fn codes_of(&self, stage: &Stage<'_>, indices: &Tensor) -> Result<Tensor, CoreError> {
        let ids = self.own_ids(stage, indices);
        let codes = stage.quantizer.lookup(&ids.own)?;
        Ok(match ids.skipped {
            Some(skipped) => codes.masked_fill(&skipped.unsqueeze(1), 0.0),
            None => codes,
        })
    }
}

/// A stage and its id range.
struct Stage<'a> {
    quantizer: &'a dyn Quantizer,
    segment: &'a IdSegment,
}

impl Stage<'_> {
    /// The additional id of a skipped stage, before the offset.
    fn skipped_id(&self) -> i64 {
        self.quantizer.layout().codes
    }
}

/// The ids of one stage.
struct StageIds {
    /// `[B, H, W, s]`, without offset.
    own: Tensor,
    /// `[B, H, W]`, true where the stage was skipped.
    skipped: Option<Tensor>,
}

/// The residual of the next stage, in the dtype of the codes, so that it does not depend on the dtype of the latents.
fn next_residual(residual: &Tensor, codes: &Tensor) -> Tensor {
    residual.to_kind(codes.kind()) - codes
}

/// Removes the positions `skipped` from a mask, both `[B, H, W]`.
fn without_skipped(mask: Option<&Tensor>, skipped: Option<&Tensor>) -> Option<Tensor> {
    match (mask, skipped) {
        (Some(mask), Some(skipped)) => Some(mask.logical_and(&skipped.logical_not())),
        (None, Some(skipped)) => Some(skipped.logical_not()),
        (mask, None) => mask.map(Tensor::shallow_clone),
    }
}

impl Quantizer for ResidualQuantizer {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn quantize_masked(&self, latents: &Tensor, mask: Option<&Tensor>, mode: Mode) -> Result<Quantized, CoreError> {
        const OP: &str = "ResidualQuantizer::quantize";
        self.layout.check_latents(OP, latents)?;
        Mask::new(OP, mask, latents)?;
        let size = latents.size();
        let kept = self.draw_stages(latents, mode).map(|stages| stages.view([-1, 1, 1]));
        let mut residual = latents.shallow_clone();
        let mut codes = Tensor::zeros(&size[..], (Kind::Float, latents.device()));
        let mut indices = Vec::new();
        let mut loss = Tensor::zeros([], (Kind::Float, latents.device()));
        for (stage, number) in self.stages().zip(0_i64..) {
            let skipped = kept.as_ref().map(|stages| stages.le(number).expand([size[0], size[2], size[3]], false));
            let stage_mask = without_skipped(mask, skipped.as_ref());
            let quantized = stage.quantizer.quantize_masked(&residual, stage_mask.as_ref(), mode)?;
            let (mut own, mut ids) = (quantized.codes.detach(), quantized.indices);
            if let Some(skipped) = &skipped {
                own = own.masked_fill(&skipped.unsqueeze(1), 0.0);
                ids = ids.masked_fill(&skipped.unsqueeze(3), stage.skipped_id());
            }
            residual = next_residual(&residual, &own);
            indices.push(stage.segment.global(&ids));
            loss += quantized.loss;
            codes = own + codes; // not in place: codes may be Double
        }
        let channels_last = |grid: &Tensor| grid.to_kind(codes.kind()).permute([0, 2, 3, 1]);
        let estimated = self.config.gradient.apply(&channels_last(latents), &channels_last(&codes));
        Ok(Quantized {
            codes: estimated.permute([0, 3, 1, 2]).contiguous(),
            indices: Tensor::cat(&indices, 3),
            loss,
            live: None,
        })
    }

    fn lookup(&self, indices: &Tensor) -> Result<Tensor, CoreError> {
        self.layout.check_indices("ResidualQuantizer::lookup", indices)?;
        let size = indices.size();
        let zero = Tensor::zeros([size[0], self.layout.channels, size[1], size[2]], (Kind::Float, indices.device()));
        self.stages().try_fold(zero, |sum, stage| Ok(sum + self.codes_of(&stage, indices)?))
    }

    /// Initializes stage by stage, each with the residual of the previous stages.
    fn initialize(&mut self, latents: &Tensor) -> Result<(), CoreError> {
        self.layout.check_latents("ResidualQuantizer::initialize", latents)?;
        tch::no_grad(|| {
            let mut residual = latents.detach();
            for stage in &mut self.stages {
                stage.initialize(&residual)?;
                residual = next_residual(&residual, &stage.quantize(&residual, Mode::Eval)?.codes);
            }
            Ok(())
        })
    }

    /// Updates stage by stage. The residuals are those of the codes before the first stage changes.
    fn update(&mut self, batch: &QuantizedBatch<'_>) -> Result<UpdateStats, CoreError> {
        const OP: &str = "ResidualQuantizer::update";
        batch.check(OP, &self.layout)?;
        Mask::new(OP, batch.mask, batch.latents)?;
        tch::no_grad(|| {
            // All residuals are computed before the first update: stages can share a codebook.
            let mut residual = batch.latents.detach();
            let mut inputs = Vec::new();
            for (stage, number) in self.stages().zip(1..) {
                let next = if number < self.stages.len() {
                    next_residual(&residual, &self.codes_of(&stage, batch.indices)?)
                } else {
                    Tensor::new() // there is no stage after the last
                };
                inputs.push((residual, self.own_ids(&stage, batch.indices)));
                residual = next;
            }
            let mut updated = UpdateStats::default();
            for (stage, (residual, ids)) in self.stages.iter_mut().zip(inputs) {
                let mask = without_skipped(batch.mask, ids.skipped.as_ref());
                let own = QuantizedBatch { latents: &residual, indices: &ids.own, mask: mask.as_ref() };
                updated.revived += stage.update(&own)?.revived;
            }
            Ok(updated)
        })
    }
}
