//! Attention with several heads.

use tch::{Tensor, nn};
use vq_transformer::{Dropout, Linear};

/// What a query may see.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sight<'a> {
    /// Every key.
    All,
    /// Keys up to its own place.
    Past,
    /// Keys where this is true, `[B, 1, 1, keys]`, `Bool`.
    Keys(&'a Tensor),
}

/// Keys and values, both `[B, A, keys, M / A]`.
#[derive(Debug)]
pub(crate) struct KeyValues {
    pub(crate) key: Tensor,
    pub(crate) value: Tensor,
}

/// Scaled dot-product attention (arXiv 1706.03762, section 3.2).
///
/// Parameters: `query`, `key`, `value`, `output`.
#[derive(Debug)]
pub(crate) struct Attention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    heads: i64,
}

impl Attention {
    pub(crate) fn new(path: &nn::Path, width: i64, heads: i64) -> Self {
        let linear = |name: &str| Linear::new(&(path / name), width, width);
        Self { query: linear("query"), key: linear("key"), value: linear("value"), output: linear("output"), heads }
    }

    /// Keys and values of `[B, keys, M]`.
    pub(crate) fn read(&self, xs: &Tensor) -> KeyValues {
        KeyValues { key: self.split(&self.key.forward(xs)), value: self.split(&self.value.forward(xs)) }
    }

    /// `[B, queries, M]` to the same shape.
    pub(crate) fn forward(&self, xs: &Tensor, source: &KeyValues, sight: Sight<'_>, dropout: Dropout) -> Tensor {
        let query = self.split(&self.query.forward(xs));
        let KeyValues { key, value } = source;
        let (mask, causal) = match sight {
            Sight::All => (None, false),
            Sight::Past => (None, true),
            Sight::Keys(real) => (Some(real), false),
        };
        let rate = dropout.rate();
        let attended = Tensor::scaled_dot_product_attention(&query, key, value, mask, rate, causal, None, false);
        self.output.forward(&attended.transpose(1, 2).flatten(2, 3)) // [B, queries, M]
    }

    /// `[B, n, M]` to `[B, A, n, M / A]`.
    fn split(&self, xs: &Tensor) -> Tensor {
        let size = xs.size();
        xs.view([size[0], size[1], self.heads, size[2] / self.heads]).transpose(1, 2)
    }
}
