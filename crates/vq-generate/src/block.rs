//! Blocks of the transformers, with their norms before their parts (arXiv 2002.04745), and their form for sampling.

use tch::{Kind, Tensor, nn};
use vq_transformer::{Dropout, LaidLinear, Linear, Norm, Perceptron};

use crate::TransformerConfig;
use crate::rotary::Rotary;

/// What a token may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// All tokens.
    All,
    /// Itself and those before it.
    Past,
}

/// Self-attention (arXiv 1706.03762, section 3.2) and a perceptron.
///
/// Parameters: `norm1`, `attention.qkv`, `[3 M, M]` (queries, keys, values), `attention.output`, `norm2`, `mlp.up`,
/// `mlp.down`. What is added to the states starts smaller in a deep transformer, as in GPT-2.
#[derive(Debug)]
pub(crate) struct Block {
    norm1: Norm,
    qkv: Linear,
    output: Linear,
    norm2: Norm,
    mlp: Perceptron,
    heads: i64,
}

impl Block {
    /// One of `layers` blocks.
    pub(crate) fn new(path: &nn::Path, config: &TransformerConfig, layers: i64) -> Self {
        let &TransformerConfig { width, heads, expansion, .. } = config;
        let hidden = width * expansion;
        let deviation = |input: i64| (input as f64 * 2.0 * layers as f64).powf(-0.5);
        let attention = path / "attention";
        Self {
            norm1: Norm::new(&(path / "norm1"), width),
            qkv: Linear::new(&(&attention / "qkv"), width, 3 * width),
            output: Linear::with_deviation(&(&attention / "output"), width, width, deviation(width)),
            norm2: Norm::new(&(path / "norm2"), width),
            mlp: Perceptron::with_deviation(&(path / "mlp"), width, hidden, deviation(hidden)),
            heads,
        }
    }

    /// `[B, L, M]` to the same shape.
    pub(crate) fn forward(&self, xs: &Tensor, rotary: Option<&Rotary>, sight: Sight, dropout: Dropout) -> Tensor {
        let size = xs.size();
        let (batch, length, width) = (size[0], size[1], size[2]);
        let qkv = self.qkv.forward(&self.norm1.forward(xs)).view([batch, length, 3, self.heads, width / self.heads]);
        let qkv = qkv.permute([2, 0, 3, 1, 4]); // [3, B, A, L, M / A]
        let (query, key) = match rotary {
            None => (qkv.get(0), qkv.get(1)),
            Some(rotary) => {
                let turned = rotary.turn(&qkv.narrow(0, 0, 2), 0, length);
                (turned.get(0), turned.get(1))
            }
        };
        let (rate, causal) = (dropout.rate(), sight == Sight::Past);
        let seen =
            Tensor::scaled_dot_product_attention(&query, &key, &qkv.get(2), None::<Tensor>, rate, causal, None, false);
        let seen = self.output.forward(&seen.transpose(1, 2).flatten(2, 3)); // [B, L, M]
        let xs = xs + dropout.apply(&seen);
        let changed = self.mlp.forward(&self.norm2.forward(&xs));
        xs + dropout.apply(&changed)
    }

    pub(crate) fn lay(&self, kind: Kind) -> LaidBlock<'_> {
        LaidBlock {
            block: self,
            qkv: self.qkv.lay(kind),
            output: self.output.lay(kind),
            up: self.mlp.up().lay(kind),
            down: self.mlp.down().lay(kind),
        }
    }
}

/// A causal block that reads its tokens in several calls.
#[derive(Debug)]
pub(crate) struct LaidBlock<'a> {
    block: &'a Block,
    qkv: LaidLinear,
    output: LaidLinear,
    up: LaidLinear,
    down: LaidLinear,
}

/// Keys and values of the tokens read so far, in room for all of them.
#[derive(Debug)]
pub(crate) struct Memory {
    /// `[B, 2, A, L, M / A]`.
    keys_values: Tensor,
}

/// The tokens of a call: `length` of them for each row, the first at `start`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) start: i64,
    pub(crate) length: i64,
}

impl LaidBlock<'_> {
    /// Room for `length` tokens of each of `rows` rows.
    pub(crate) fn memory(&self, rows: i64, length: i64, like: &Tensor) -> Memory {
        let width = self.qkv.outputs() / 3;
        let heads = self.block.heads;
        Memory { keys_values: Tensor::empty([rows, 2, heads, length, width / heads], (like.kind(), like.device())) }
    }

    /// The tokens after those read so far, `[B * length, M]` to the same shape.
    ///
    /// Several tokens are taken in one call only where nothing was read before.
    pub(crate) fn advance(&self, xs: &Tensor, memory: &Memory, rotary: Option<&Rotary>, span: Span) -> Tensor {
        let Span { start, length } = span;
        debug_assert!(start == 0 || length == 1, "{span:?}");
        let size = memory.keys_values.size();
        let (batch, heads, features) = (size[0], size[2], size[4]);
        let qkv = self.qkv.forward(&self.block.norm1.forward(xs)).view([batch, length, 3, heads, features]);
        let qkv = qkv.permute([0, 2, 3, 1, 4]); // [B, 3, A, length, M / A]
        let mut new = memory.keys_values.narrow(3, start, length);
        let query = match rotary {
            None => {
                new.copy_(&qkv.narrow(1, 1, 2));
                qkv.select(1, 0)
            }
            Some(rotary) => {
                let turned = rotary.turn(&qkv.narrow(1, 0, 2), start, length);
                new.select(1, 0).copy_(&turned.select(1, 1));
                new.select(1, 1).copy_(&qkv.select(1, 2));
                turned.select(1, 0)
            }
        };
        let seen = memory.keys_values.narrow(3, 0, start + length);
        let (key, value) = (seen.select(1, 0), seen.select(1, 1));
        let seen =
            Tensor::scaled_dot_product_attention(&query, &key, &value, None::<Tensor>, 0.0, length > 1, None, false);
        let seen = seen.transpose(1, 2).reshape([batch * length, heads * features]);
        let xs = xs + self.output.forward(&seen);
        let changed = self.down.forward(&self.up.forward(&self.block.norm2.forward(&xs)).gelu("none"));
        xs + changed
    }
}
