//! The levels of encoder and decoder.

use tch::Tensor;
use tch::nn::{self, Module};

use super::attention::AttentionBlock;
use crate::layers::ResidualBlock;

/// One resolution: residual blocks, each optionally followed by attention, then an optional change of resolution.
///
/// Parameters: `block.{j}`, `attn.{j}`, and those of the resampling layer.
#[derive(Debug)]
pub(super) struct Level<R> {
    blocks: Vec<ResidualBlock>,
    attentions: Vec<AttentionBlock>,
    resample: Option<R>,
}

/// Channels and depth of a [`Level`].
pub(super) struct LevelPlan {
    pub(super) blocks: i64,
    pub(super) inputs: i64,
    pub(super) outputs: i64,
    pub(super) attends: bool,
}

impl<R> Level<R> {
    pub(super) fn new(path: &nn::Path, plan: &LevelPlan, resample: Option<R>) -> Self {
        let block = |j| {
            let inputs = if j == 0 { plan.inputs } else { plan.outputs };
            ResidualBlock::new(&(path / "block" / j), inputs, plan.outputs)
        };
        let attention = |j| AttentionBlock::new(&(path / "attn" / j), plan.outputs);
        let attentions = if plan.attends { plan.blocks } else { 0 };
        Self {
            blocks: (0..plan.blocks).map(block).collect(),
            attentions: (0..attentions).map(attention).collect(),
            resample,
        }
    }
}

impl<R: Module> Module for Level<R> {
    fn forward(&self, xs: &Tensor) -> Tensor {
        let mut hidden = xs.shallow_clone();
        for (j, block) in self.blocks.iter().enumerate() {
            hidden = block.forward(&hidden);
            if let Some(attention) = self.attentions.get(j) {
                hidden = attention.forward(&hidden);
            }
        }
        match &self.resample {
            Some(resample) => resample.forward(&hidden),
            None => hidden,
        }
    }
}

/// The blocks at the lowest resolution. Parameters: `block_1`, `attn_1`, `block_2`.
#[derive(Debug)]
pub(super) struct Middle {
    first: ResidualBlock,
    attention: AttentionBlock,
    second: ResidualBlock,
}

impl Middle {
    pub(super) fn new(path: &nn::Path, channels: i64) -> Self {
        Self {
            first: ResidualBlock::new(&(path / "block_1"), channels, channels),
            attention: AttentionBlock::new(&(path / "attn_1"), channels),
            second: ResidualBlock::new(&(path / "block_2"), channels, channels),
        }
    }
}

impl Module for Middle {
    fn forward(&self, xs: &Tensor) -> Tensor {
        self.second.forward(&self.attention.forward(&self.first.forward(xs)))
    }
}
