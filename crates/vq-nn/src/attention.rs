//! Multi-head attention.

use tch::{Kind, Tensor, nn};

use crate::dropout::Dropout;
use crate::linear::Linear;
use crate::rotary::Rotary2d;

/// Which keys a query attends to.
#[derive(Debug, Clone, Copy)]
pub enum AttentionMask<'a> {
    /// All keys.
    Full,
    /// The keys up to the query's own position.
    Causal,
    /// The keys where this tensor, `[B, 1, 1, keys]`, `Bool`, is true.
    Keys(&'a Tensor),
}

/// How the projections to queries, keys and values are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Projections {
    /// Three layers: `query`, `key`, `value`.
    Separate,
    /// One layer `qkv` with weight `[3 M, M]`: queries, keys, values.
    Fused,
}

/// Keys and values of a sequence.
#[derive(Debug)]
pub struct KeyValues {
    /// `[B, A, keys, F]`.
    pub keys: Tensor,
    /// `[B, A, keys, F]`.
    pub values: Tensor,
}

/// Queries, keys and values of one sequence.
#[derive(Debug)]
pub(crate) struct Projected {
    /// `[B, A, L, F]`.
    pub(crate) queries: Tensor,
    pub(crate) key_values: KeyValues,
}

/// Scaled dot-product attention with several heads (arXiv 1706.03762, section 3.2).
///
/// Parameters: `query`, `key`, `value` or `qkv`, by [`Projections`]; `output`. Each has `weight` and `bias`.
#[derive(Debug)]
pub struct Attention {
    inputs: Inputs,
    output: Linear,
    heads: i64,
}

#[derive(Debug)]
enum Inputs {
    Separate { query: Linear, key: Linear, value: Linear },
    Fused(Linear),
}

impl Attention {
    /// Registers an attention of `heads` heads, which divide `width`; the output layer is initialised with standard
    /// deviation `output_std`.
    pub fn new(path: &nn::Path, width: i64, heads: i64, projections: Projections, output_std: f64) -> Self {
        let linear = |name: &str| Linear::new(&(path / name), width, width);
        let inputs = match projections {
            Projections::Separate => {
                Inputs::Separate { query: linear("query"), key: linear("key"), value: linear("value") }
            }
            Projections::Fused => Inputs::Fused(Linear::new(&(path / "qkv"), width, 3 * width)),
        };
        Self { inputs, output: Linear::with_std(&(path / "output"), width, width, output_std), heads }
    }

    /// Self-attention: `[B, L, M]` to the same shape.
    pub fn forward(&self, xs: &Tensor, rotary: Option<&Rotary2d>, mask: AttentionMask<'_>, dropout: Dropout) -> Tensor {
        let Projected { queries, key_values } = self.project(xs, rotary, 0);
        self.attend(&queries, &key_values, mask, dropout)
    }

    /// Cross-attention of `[B, L, M]` to the keys and values of another sequence, as [`Attention::read`] gives them.
    pub fn cross(&self, xs: &Tensor, memory: &KeyValues, dropout: Dropout) -> Tensor {
        self.attend(&self.queries(xs), memory, AttentionMask::Full, dropout)
    }

    /// Keys and values of a sequence `[B, keys, M]`, for [`Attention::cross`].
    pub fn read(&self, xs: &Tensor) -> KeyValues {
        match &self.inputs {
            Inputs::Separate { key, value, .. } => {
                KeyValues { keys: self.split(&key.forward(xs)), values: self.split(&value.forward(xs)) }
            }
            Inputs::Fused(_) => self.project(xs, None, 0).key_values,
        }
    }

    /// Queries, keys and values of `[B, L, M]`, rotated as the tokens from `start` on.
    pub(crate) fn project(&self, xs: &Tensor, rotary: Option<&Rotary2d>, start: i64) -> Projected {
        let qkv = match &self.inputs {
            Inputs::Separate { .. } => {
                // Keys and values come first: backpropagation adds up the gradients to `xs` in this order.
                let KeyValues { keys, values } = self.read(xs);
                let queries = self.queries(xs);
                let length = xs.size()[1];
                let rotate = |xs: Tensor| rotary.map_or_else(|| xs.shallow_clone(), |r| r.rotate(&xs, start, length));
                return Projected { queries: rotate(queries), key_values: KeyValues { keys: rotate(keys), values } };
            }
            Inputs::Fused(qkv) => self.split_fused(&qkv.forward(xs)), // [3, B, A, L, F]
        };
        let (queries, keys) = match rotary {
            None => (qkv.get(0), qkv.get(1)),
            Some(rotary) => {
                let rotated = rotary.rotate(&qkv.narrow(0, 0, 2), start, xs.size()[1]);
                (rotated.get(0), rotated.get(1))
            }
        };
        Projected { queries, key_values: KeyValues { keys, values: qkv.get(2) } }
    }

    /// Attends with queries `[B, A, L, F]`: `[B, L, M]`.
    pub(crate) fn attend(
        &self,
        queries: &Tensor,
        key_values: &KeyValues,
        mask: AttentionMask<'_>,
        dropout: Dropout,
    ) -> Tensor {
        let KeyValues { keys, values } = key_values;
        let (mask, causal) = match mask {
            AttentionMask::Full => (None, false),
            AttentionMask::Causal => (None, true),
            AttentionMask::Keys(real) => (Some(real), false),
        };
        let rate = dropout.rate();
        let attended = Tensor::scaled_dot_product_attention(queries, keys, values, mask, rate, causal, None, false);
        self.output.forward(&attended.transpose(1, 2).flatten(2, 3)) // [B, L, M]
    }

    /// A copy for inference; see [`Linear::packed`].
    pub fn packed(&self, kind: Kind) -> Self {
        let inputs = match &self.inputs {
            Inputs::Separate { query, key, value } => {
                Inputs::Separate { query: query.packed(kind), key: key.packed(kind), value: value.packed(kind) }
            }
            Inputs::Fused(qkv) => Inputs::Fused(qkv.packed(kind)),
        };
        Self { inputs, output: self.output.packed(kind), heads: self.heads }
    }

    /// Queries of `[B, L, M]`: `[B, A, L, F]`.
    fn queries(&self, xs: &Tensor) -> Tensor {
        match &self.inputs {
            Inputs::Separate { query, .. } => self.split(&query.forward(xs)),
            Inputs::Fused(qkv) => self.split_fused(&qkv.forward(xs)).get(0),
        }
    }

    /// `[B, n, M]` to `[B, A, n, F]`.
    fn split(&self, xs: &Tensor) -> Tensor {
        let size = xs.size();
        xs.view([size[0], size[1], self.heads, size[2] / self.heads]).transpose(1, 2)
    }

    /// `[B, n, 3 M]` to `[3, B, A, n, F]`.
    fn split_fused(&self, xs: &Tensor) -> Tensor {
        let size = xs.size();
        xs.view([size[0], size[1], 3, self.heads, size[2] / (3 * self.heads)]).permute([2, 0, 3, 1, 4])
    }
}
