//! Blocks of the transformer, each with its norms before its parts (arXiv 2002.04745).

use tch::{Tensor, nn};
use vq_transformer::{Dropout, Norm, Perceptron};

use crate::CaptionConfig;
use crate::attention::{Attention, KeyValues, Sight};

/// Self-attention over the positions of an image, and a perceptron.
///
/// Parameters: `norm1`, `attention`, `norm2`, `mlp`.
#[derive(Debug)]
pub(crate) struct EncoderBlock {
    norm1: Norm,
    attention: Attention,
    norm2: Norm,
    mlp: Perceptron,
}

impl EncoderBlock {
    pub(crate) fn new(path: &nn::Path, config: &CaptionConfig) -> Self {
        let width = config.width;
        Self {
            norm1: Norm::new(&(path / "norm1"), width),
            attention: Attention::new(&(path / "attention"), width, config.heads),
            norm2: Norm::new(&(path / "norm2"), width),
            mlp: Perceptron::new(&(path / "mlp"), width, width * config.expansion),
        }
    }

    /// `[B, P, M]` to the same shape.
    pub(crate) fn forward(&self, xs: &Tensor, dropout: Dropout) -> Tensor {
        let normed = self.norm1.forward(xs);
        let own = self.attention.read(&normed);
        let xs = xs + dropout.apply(&self.attention.forward(&normed, &own, Sight::All, dropout));
        let changed = self.mlp.forward(&self.norm2.forward(&xs));
        xs + dropout.apply(&changed)
    }
}

/// Self-attention over tokens, cross-attention to the positions of an image, and a perceptron.
///
/// Parameters: `norm1`, `self_attention`, `norm2`, `cross_attention`, `norm3`, `mlp`.
#[derive(Debug)]
pub(crate) struct DecoderBlock {
    norm1: Norm,
    self_attention: Attention,
    norm2: Norm,
    cross_attention: Attention,
    norm3: Norm,
    mlp: Perceptron,
}

impl DecoderBlock {
    pub(crate) fn new(path: &nn::Path, config: &CaptionConfig) -> Self {
        let width = config.width;
        let norm = |name: &str| Norm::new(&(path / name), width);
        let attention = |name: &str| Attention::new(&(path / name), width, config.heads);
        Self {
            norm1: norm("norm1"),
            self_attention: attention("self_attention"),
            norm2: norm("norm2"),
            cross_attention: attention("cross_attention"),
            norm3: norm("norm3"),
            mlp: Perceptron::new(&(path / "mlp"), width, width * config.expansion),
        }
    }

    /// Keys and values of the image's positions `[B, P, M]`.
    pub(crate) fn read_source(&self, memory: &Tensor) -> KeyValues {
        self.cross_attention.read(memory)
    }

    /// All tokens of the captions at once: `[B, T, M]` to the same shape.
    pub(crate) fn forward(&self, xs: &Tensor, source: &KeyValues, sight: Sight<'_>, dropout: Dropout) -> Tensor {
        let normed = self.norm1.forward(xs);
        let own = self.self_attention.read(&normed);
        let xs = xs + dropout.apply(&self.self_attention.forward(&normed, &own, sight, dropout));
        let seen = self.cross_attention.forward(&self.norm2.forward(&xs), source, Sight::All, dropout);
        self.finish(&(xs + dropout.apply(&seen)), dropout)
    }

    /// The next token of each of `R` captions of an image: `[B * R, 1, M]` to the same shape.
    ///
    /// `past` grows by the token; `source` has one entry for an image, whatever `R`.
    pub(crate) fn step(&self, xs: &Tensor, past: &mut Option<KeyValues>, source: &KeyValues) -> Tensor {
        let normed = self.norm1.forward(xs);
        let new = self.self_attention.read(&normed);
        let own = match past.take() {
            None => new,
            Some(old) => {
                KeyValues { key: Tensor::cat(&[old.key, new.key], 2), value: Tensor::cat(&[old.value, new.value], 2) }
            }
        };
        let off = Dropout::off();
        let xs = xs + self.self_attention.forward(&normed, &own, Sight::All, off);
        *past = Some(own);
        // Captions of one image are so many queries to the same keys, which need no copies then.
        let queries = self.norm2.forward(&xs);
        let images = source.key.size()[0];
        let queries = queries.view([images, -1, xs.size()[2]]); // [B, R, M]
        let seen = self.cross_attention.forward(&queries, source, Sight::All, off).view_as(&xs); // [B * R, 1, M]
        self.finish(&(xs + seen), off)
    }

    fn finish(&self, xs: &Tensor, dropout: Dropout) -> Tensor {
        let changed = self.mlp.forward(&self.norm3.forward(xs));
        xs + dropout.apply(&changed)
    }
}
