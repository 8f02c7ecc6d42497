//! One block of a transformer.

use tch::{Kind, Tensor, nn};

use crate::attention::{Attention, AttentionMask, KeyValues, Projections};
use crate::cache::BlockCache;
use crate::dropout::Dropout;
use crate::layer_norm::LayerNorm;
use crate::mlp::Mlp;
use crate::rotary::Rotary2d;

/// Options of a [`Block`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockConfig {
    /// `M`, the width.
    pub width: i64,
    /// `A`, the heads of each attention, which divide the width.
    pub heads: i64,
    /// Features of the MLP's hidden layer.
    pub hidden: i64,
    /// How the self-attention stores its projections.
    pub projections: Projections,
    /// Whether the block attends to a second sequence.
    pub cross_attention: CrossAttention,
    /// How the layers that write into the residual stream are initialised.
    pub residual_init: ResidualInit,
}

/// Whether a block attends to a second sequence, the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrossAttention {
    /// Self-attention only.
    Without,
    /// Cross-attention to a memory, after the self-attention.
    Memory,
}

/// Standard deviation of the layers that write into the residual stream, for a layer of `in` inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResidualInit {
    /// `1 / sqrt(in)`, as for all other layers.
    Standard,
    /// `1 / sqrt(2 * layers * in)`, as in GPT-2.
    DepthScaled {
        /// Blocks of the transformer.
        layers: i64,
    },
}

impl ResidualInit {
    fn std(self, input: i64) -> f64 {
        match self {
            Self::Standard => (input as f64).powf(-0.5),
            Self::DepthScaled { layers } => (input as f64 * 2.0 * layers as f64).powf(-0.5),
        }
    }
}

/// A pre-norm transformer block (arXiv 2002.04745): self-attention, cross-attention if configured, MLP.
///
/// Parameters without cross-attention: `norm1`, `attention`, `norm2`, `mlp.{up, down}`; with it: `norm1`,
/// `self_attention`, `norm2`, `cross_attention`, `norm3`, `mlp.{up, down}`. The cross-attention stores its projections
/// separately.
#[derive(Debug)]
pub struct Block {
    norm1: LayerNorm,
    attention: Attention,
    cross: Option<Cross>,
    mlp_norm: LayerNorm,
    mlp: Mlp,
}

#[derive(Debug)]
struct Cross {
    norm: LayerNorm,
    attention: Attention,
}

/// What a block reads besides its own sequence.
#[derive(Debug, Clone, Copy)]
pub struct BlockInputs<'a> {
    /// `[B, P, M]`: the sequence of the cross-attention. A block without cross-attention ignores it; a block with
    /// cross-attention skips it if there is none.
    pub memory: Option<&'a Tensor>,
    /// Which tokens of its own sequence a token attends to.
    pub mask: AttentionMask<'a>,
    /// Dropout of attention weights and of what the block adds to the residual stream.
    pub dropout: Dropout,
}

impl Block {
    /// Registers a block.
    pub fn new(path: &nn::Path, config: &BlockConfig) -> Self {
        let &BlockConfig { width, heads, hidden, projections, cross_attention, residual_init } = config;
        let norm = |name: &str| LayerNorm::new(&(path / name), width);
        let attention = |name: &str, projections| {
            Attention::new(&(path / name), width, heads, projections, residual_init.std(width))
        };
        let mlp = || Mlp::new(&(path / "mlp"), width, hidden, residual_init.std(hidden));
        match cross_attention {
            CrossAttention::Without => Self {
                norm1: norm("norm1"),
                attention: attention("attention", projections),
                cross: None,
                mlp_norm: norm("norm2"),
                mlp: mlp(),
            },
            CrossAttention::Memory => Self {
                norm1: norm("norm1"),
                attention: attention("self_attention", projections),
                cross: Some(Cross {
                    norm: norm("norm2"),
                    attention: attention("cross_attention", Projections::Separate),
                }),
                mlp_norm: norm("norm3"),
                mlp: mlp(),
            },
        }
    }

    /// All tokens at once: `[B, L, M]` to the same shape.
    pub fn forward(&self, xs: &Tensor, rotary: Option<&Rotary2d>, inputs: &BlockInputs<'_>) -> Tensor {
        let &BlockInputs { memory, mask, dropout } = inputs;
        let memory = memory.and_then(|memory| self.read_memory(memory));
        let attended = self.attention.forward(&self.norm1.forward(xs), rotary, mask, dropout);
        self.finish(&(xs + dropout.apply(&attended)), memory.as_ref(), dropout)
    }

    /// Keys and values of a memory `[B, P, M]`; none without cross-attention.
    pub(crate) fn read_memory(&self, memory: &Tensor) -> Option<KeyValues> {
        self.cross.as_ref().map(|cross| cross.attention.read(memory))
    }

    /// The next `length` tokens of each row, `[rows, length, M]` to the same shape, after the `start` tokens in the
    /// cache, which grows by them.
    pub(crate) fn advance(&self, xs: &Tensor, cache: &mut BlockCache, rotary: Option<&Rotary2d>, start: i64) -> Tensor {
        let length = xs.size()[1];
        let projected = self.attention.project(&self.norm1.forward(xs), rotary, start);
        let seen = cache.append(&projected.key_values, start);
        let mask = if length > 1 { AttentionMask::Causal } else { AttentionMask::Full };
        let off = Dropout::off();
        let attended = self.attention.attend(&projected.queries, &seen, mask, off);
        self.finish(&(xs + attended), cache.memory.as_ref(), off)
    }

    /// Cross-attention and MLP.
    fn finish(&self, xs: &Tensor, memory: Option<&KeyValues>, dropout: Dropout) -> Tensor {
        let xs = match (&self.cross, memory) {
            (Some(Cross { norm, attention }), Some(memory)) => {
                // Rows that share a memory are so many queries to the same keys, which then need no copies.
                let queries = norm.forward(xs).view([memory.keys.size()[0], -1, xs.size()[2]]);
                let attended = attention.cross(&queries, memory, dropout).view_as(xs);
                xs + dropout.apply(&attended)
            }
            _ => xs.shallow_clone(),
        };
        let changed = self.mlp.forward(&self.mlp_norm.forward(&xs));
        xs + dropout.apply(&changed)
    }

    /// A copy for inference; see [`Linear::packed`](crate::Linear::packed).
    pub fn packed(&self, kind: Kind) -> Self {
        let cross = self.cross.as_ref();
        Self {
            norm1: self.norm1.packed(kind),
            attention: self.attention.packed(kind),
            cross: cross.map(|cross| Cross { norm: cross.norm.packed(kind), attention: cross.attention.packed(kind) }),
            mlp_norm: self.mlp_norm.packed(kind),
            mlp: self.mlp.packed(kind),
        }
    }
}
