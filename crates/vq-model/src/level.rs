//! The parts that encoder and decoder are made of.

use tch::Tensor;
use tch::nn::{self, Module};

use crate::attention::AttentionBlock;
use crate::residual::ResidualBlock;

/// One resolution: residual blocks, attention after each of them or none, then a change of resolution or none.
///
/// Parameters: `block.{j}`, `attn.{j}`, and what the resampling layer registered.
#[derive(Debug)]
pub(crate) struct Level<R> {
    blocks: Vec<ResidualBlock>,
    attentions: Vec<AttentionBlock>,
    resample: Option<R>,
}

/// Channels and depth of a [`Level`].
pub(crate) struct LevelPlan {
    pub(crate) blocks: i64,
    pub(crate) inputs: i64,
    pub(crate) outputs: i64,
    pub(crate) attends: bool,
}

impl<R> Level<R> {
    pub(crate) fn new(path: &nn::Path, plan: &LevelPlan, resample: Option<R>) -> Self {
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
pub(crate) struct Middle {
    first: ResidualBlock,
    attention: AttentionBlock,
    second: ResidualBlock,
}

impl Middle {
    pub(crate) fn new(path: &nn::Path, channels: i64) -> Self {
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
