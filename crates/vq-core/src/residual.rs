//! Residual quantizer: each stage quantizes what the stages before left over.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::rows::Mask;
use crate::spans::{Span, Spans};
use crate::{CoreError, GradientEstimator, Layout, Mode, Quantized, Quantizer, Seen, Slot, Updated};

/// Options of a [`ResidualQuantizer`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ResidualConfig {
    /// The gradient that gets past the sum of all stages.
    pub gradient: GradientEstimator,
    /// In training, leave out late stages at random.
    pub dropout: Option<StageDropoutConfig>,
}

/// Stage dropout (SoundStream, section III-C, "enabling bitrate scalability with quantizer dropout").
///
/// For each image of a batch, the number of stages is drawn evenly from `at_least` to all.
/// Each stage then has one more id, its last: `nothing`, whose code is zero. So ids of every pass decode to its codes,
/// and [`ResidualQuantizer::keep_stages`] makes a shorter description of a longer one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StageDropoutConfig {
    /// The stages that are never left out, at least one.
    pub at_least: i64,
}

impl Default for StageDropoutConfig {
    fn default() -> Self {
        Self { at_least: 1 }
    }
}

/// Quantizes in stages; the code of a position is the sum of the stages' codes (SoundStream, arXiv 2107.03312,
/// section III-C, algorithm 1; RQ-VAE, arXiv 2203.01941, section 3.1).
///
/// Stage `s` sees `z - (c_1 + .. + c_(s-1))`, with the codes held constant.
/// The loss is the sum of the stages' losses: with the commitment term of VQ-VAE, that of RQ-VAE.
/// The gradient estimator acts once, on the sum, as in RQ-VAE: the straight-through gradient is the identity. In
/// vector-quantize-pytorch each of `S` stages passes it on, and the latents get `S` times as much.
/// A stage therefore learns by its loss or its updates; what a decoder would teach it through its codes is cut off.
///
/// The slots are those of the stages in order; the ids of a stage follow those of the stage before, also where stages
/// share a [`SharedCodebook`](crate::SharedCodebook). Group `code` of the first stage is called `stage 0 code`.
#[derive(Debug)]
pub struct ResidualQuantizer {
    stages: Vec<Box<dyn Quantizer>>,
    spans: Vec<Span>,
    config: ResidualConfig,
    layout: Layout,
}

impl ResidualQuantizer {
    /// Chains stages of equal channels.
    ///
    /// # Errors
    /// [`CoreError::Option`] if there are no stages, if their channels differ, or with dropout if it keeps fewer than
    /// one or more than all stages, or a stage has more than one group of codes.
    pub fn new(stages: Vec<Box<dyn Quantizer>>, config: ResidualConfig) -> Result<Self, CoreError> {
        let refuse =
            |expected: String, got: String| Err(CoreError::Option { op: "ResidualQuantizer::new", expected, got });
        let Some(first) = stages.first() else { return refuse("at least one stage".into(), "0".into()) };
        let channels = first.layout().channels;
        if let Some(dropout) = &config.dropout
            && !(1..=stages.len() as i64).contains(&dropout.at_least)
        {
            let expected = format!("dropout that keeps at least 1 to {} stages", stages.len());
            return refuse(expected, dropout.at_least.to_string());
        }
        let mut spans = Spans::default();
        for (number, stage) in stages.iter().enumerate() {
            let mut layout = stage.layout().clone();
            if layout.channels != channels {
                return refuse(format!("stages of {channels} channels"), layout.channels.to_string());
            }
            if config.dropout.is_some() {
                if layout.slots.iter().any(|slot| slot.codes != (0..layout.codes)) {
                    let groups = layout.groups().len();
                    return refuse("stages of one group, if there is dropout".into(), format!("{groups} groups"));
                }
                layout.codes += 1;
                let whole = |slot: &Slot| Slot { group: slot.group.clone(), codes: 0..layout.codes };
                layout.slots = layout.slots.iter().map(whole).collect();
            }
            spans.push(&format!("stage {number}"), &layout);
        }
        let layout = Layout { channels, codes: spans.codes, slots: spans.slots };
        Ok(Self { stages, spans: spans.spans, config, layout })
    }

    /// Ids `[B, H, W, S]` that describe the first `stages` stages of `indices` `[B, H, W, S]` and `nothing` after.
    ///
    /// # Errors
    /// [`CoreError::Option`] unless the quantizer has stage dropout and that many stages;
    /// [`CoreError::Shape`], [`CoreError::Kind`] or [`CoreError::Id`] if the ids do not fit the layout.
    pub fn keep_stages(&self, indices: &Tensor, stages: i64) -> Result<Tensor, CoreError> {
        const OP: &str = "ResidualQuantizer::keep_stages";
        self.layout.check_indices(OP, indices)?;
        let all = self.stages.len() as i64;
        if self.config.dropout.is_none() || !(0..=all).contains(&stages) {
            let expected = format!("a quantizer with stage dropout, and 0 to {all} stages");
            let got = format!("{stages} stages, dropout {:?}", self.config.dropout);
            return Err(CoreError::Option { op: OP, expected, got });
        }
        let kept = self.parts().zip(0..).map(|(part, number)| {
            let own = part.span.local(indices);
            part.span.global(&if number < stages { own } else { own.full_like(part.nothing()) })
        });
        Ok(Tensor::cat(&kept.collect::<Vec<_>>(), 3))
    }

    fn parts(&self) -> impl Iterator<Item = Stage<'_>> {
        self.stages.iter().zip(&self.spans).map(|(quantizer, span)| Stage { quantizer: quantizer.as_ref(), span })
    }

    /// Draws how many stages each image of a batch gets, `[B]`.
    fn draw_stages(&self, latents: &Tensor, mode: Mode) -> Option<Tensor> {
        let dropout = self.config.dropout.as_ref().filter(|_| mode == Mode::Train)?;
        let all = self.stages.len() as i64;
        Some(Tensor::randint_low(dropout.at_least, all + 1, latents.size()[0], (Kind::Int64, latents.device())))
    }

    /// Splits ids into those that a stage can look up, and where it was left out.
    fn own_ids(&self, stage: &Stage<'_>, indices: &Tensor) -> StageIds {
        let own = stage.span.local(indices);
        if self.config.dropout.is_none() {
            return StageIds { own, absent: None };
        }
        let absent = own.eq(stage.nothing()); // [B, H, W, s]
        StageIds { own: own.masked_fill(&absent, 0), absent: Some(absent.any_dim(3, false)) }
    }

    /// A stage's codes `[B, C, H, W]` of its part of the ids, zero where it was left out.
    fn codes_of(&self, stage: &Stage<'_>, indices: &Tensor) -> Result<Tensor, CoreError> {
        let ids = self.own_ids(stage, indices);
        let codes = stage.quantizer.lookup(&ids.own)?;
        Ok(match ids.absent {
            Some(absent) => codes.masked_fill(&absent.unsqueeze(1), 0.0),
            None => codes,
        })
    }
}

/// A stage and its place among the ids.
struct Stage<'a> {
    quantizer: &'a dyn Quantizer,
    span: &'a Span,
}

impl Stage<'_> {
    /// The stage's own id for no code.
    fn nothing(&self) -> i64 {
        self.quantizer.layout().codes
    }
}

/// One stage's part of ids.
struct StageIds {
    /// `[B, H, W, s]`, within the stage's codes.
    own: Tensor,
    /// `[B, H, W]`, true where the stage was left out.
    absent: Option<Tensor>,
}

/// What is left of a residual, in the kind of the codes, so that latents of any kind leave the same.
fn rest(residual: &Tensor, codes: &Tensor) -> Tensor {
    residual.to_kind(codes.kind()) - codes
}

/// A mask without the positions `absent`, both `[B, H, W]`.
fn present(mask: Option<&Tensor>, absent: Option<&Tensor>) -> Option<Tensor> {
    match (mask, absent) {
        (Some(mask), Some(absent)) => Some(mask.logical_and(&absent.logical_not())),
        (None, Some(absent)) => Some(absent.logical_not()),
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
        let drawn = self.draw_stages(latents, mode).map(|stages| stages.view([-1, 1, 1]));
        let mut residual = latents.shallow_clone();
        let mut codes = Tensor::zeros(&size[..], (Kind::Float, latents.device()));
        let mut indices = Vec::new();
        let mut loss = Tensor::zeros([], (Kind::Float, latents.device()));
        for (stage, number) in self.parts().zip(0_i64..) {
            let absent = drawn.as_ref().map(|stages| stages.le(number).expand([size[0], size[2], size[3]], false));
            let counted = present(mask, absent.as_ref());
            let quantized = stage.quantizer.quantize_masked(&residual, counted.as_ref(), mode)?;
            let (mut own, mut ids) = (quantized.codes.detach(), quantized.indices);
            if let Some(absent) = &absent {
                own = own.masked_fill(&absent.unsqueeze(1), 0.0);
                ids = ids.masked_fill(&absent.unsqueeze(3), stage.nothing());
            }
            residual = rest(&residual, &own);
            indices.push(stage.span.global(&ids));
            loss += quantized.loss;
            codes = own + codes; // not in place: codes may be Double
        }
        let last = |grid: &Tensor| grid.to_kind(codes.kind()).permute([0, 2, 3, 1]);
        let passed = self.config.gradient.pass(&last(latents), &last(&codes));
        Ok(Quantized {
            codes: passed.permute([0, 3, 1, 2]).contiguous(),
            indices: Tensor::cat(&indices, 3),
            loss,
            live: None,
        })
    }

    fn lookup(&self, indices: &Tensor) -> Result<Tensor, CoreError> {
        self.layout.check_indices("ResidualQuantizer::lookup", indices)?;
        let size = indices.size();
        let none = Tensor::zeros([size[0], self.layout.channels, size[1], size[2]], (Kind::Float, indices.device()));
        self.parts().try_fold(none, |sum, stage| Ok(sum + self.codes_of(&stage, indices)?))
    }

    /// Stage by stage, each with what those before leave over.
    fn initialize(&mut self, latents: &Tensor) -> Result<(), CoreError> {
        self.layout.check_latents("ResidualQuantizer::initialize", latents)?;
        tch::no_grad(|| {
            let mut residual = latents.detach();
            for stage in &mut self.stages {
                stage.initialize(&residual)?;
                residual = rest(&residual, &stage.quantize(&residual, Mode::Eval)?.codes);
            }
            Ok(())
        })
    }

    /// Stage by stage; what each stage saw follows from the codes as they are before the first stage changes.
    fn update(&mut self, seen: &Seen<'_>) -> Result<Updated, CoreError> {
        const OP: &str = "ResidualQuantizer::update";
        self.layout.check_seen(OP, seen)?;
        Mask::new(OP, seen.mask, seen.latents)?;
        tch::no_grad(|| {
            // All before the first update: stages may share a codebook.
            let mut residual = seen.latents.detach();
            let mut saw = Vec::new();
            for (stage, number) in self.parts().zip(1..) {
                let left = if number < self.stages.len() {
                    rest(&residual, &self.codes_of(&stage, seen.indices)?)
                } else {
                    Tensor::new() // nothing comes after the last stage
                };
                saw.push((residual, self.own_ids(&stage, seen.indices)));
                residual = left;
            }
            let mut updated = Updated::default();
            for (stage, (residual, ids)) in self.stages.iter_mut().zip(saw) {
                let mask = present(seen.mask, ids.absent.as_ref());
                let own = Seen { latents: &residual, indices: &ids.own, mask: mask.as_ref() };
                updated.revived += stage.update(&own)?.revived;
            }
            Ok(updated)
        })
    }
}
