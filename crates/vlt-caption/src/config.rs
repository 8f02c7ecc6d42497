//! Options of the caption decoder.

use serde::{Deserialize, Serialize};
use vq_nn::{BlockConfig, CrossAttention, Projections, ResidualInit, check_option};

use crate::error::CaptionError;

/// Options of a [`CaptionDecoder`](crate::CaptionDecoder).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CaptionConfig {
    /// `M`, the width of the module; 256 by default.
    pub width: i64,
    /// `A`, the heads of each attention, which divide the width; 4 by default.
    pub heads: i64,
    /// Decoder blocks; 3 by default.
    pub layers: i64,
    /// 3x3 convolutions over the grid of codes, before the encoder blocks; none by default. A code of a small patch
    /// carries little information, and where an object covers several patches, convolutions learn to combine them sooner
    /// than attention.
    pub neighbourhoods: i64,
    /// Encoder blocks over the positions; none by default.
    pub encoder_layers: i64,
    /// Features of an MLP's hidden layer, as a multiple of the width; 4 by default.
    pub expansion: i64,
    /// Probability of dropping a feature, in training only; 0.1 by default.
    pub dropout: f64,
    /// Share of each target's probability that is spread over all tokens; 0.1 by default.
    pub label_smoothing: f64,
    /// The largest number of tokens that the decoder reads, including the begin token; 64 by default.
    pub max_tokens: i64,
    /// The largest number of rows of a token grid; 32 by default.
    pub max_rows: i64,
    /// The largest number of columns of a token grid; 32 by default.
    pub max_columns: i64,
}

impl Default for CaptionConfig {
    fn default() -> Self {
        Self {
            width: 256,
            heads: 4,
            layers: 3,
            neighbourhoods: 0,
            encoder_layers: 0,
            expansion: 4,
            dropout: 0.1,
            label_smoothing: 0.1,
            max_tokens: 64,
            max_rows: 32,
            max_columns: 32,
        }
    }
}

impl CaptionConfig {
    /// Checks every option.
    ///
    /// # Errors
    /// [`CaptionError::Input`] with the key of the first invalid option.
    pub fn check(&self) -> Result<(), CaptionError> {
        const OP: &str = "CaptionConfig";
        let positive = [
            ("width", self.width),
            ("heads", self.heads),
            ("layers", self.layers),
            ("expansion", self.expansion),
            ("max_tokens", self.max_tokens),
            ("max_rows", self.max_rows),
            ("max_columns", self.max_columns),
        ];
        for (key, value) in positive {
            check_option(OP, key, value >= 1, "to be positive", value)?;
        }
        check_option(OP, "neighbourhoods", self.neighbourhoods >= 0, "to be 0 or more", self.neighbourhoods)?;
        check_option(OP, "encoder_layers", self.encoder_layers >= 0, "to be 0 or more", self.encoder_layers)?;
        let expected = format!("to divide the width of {}", self.width);
        check_option(OP, "heads", self.width % self.heads == 0, &expected, self.heads)?;
        check_option(OP, "dropout", (0.0..1.0).contains(&self.dropout), "in 0..1", self.dropout)?;
        let smoothing = self.label_smoothing;
        check_option(OP, "label_smoothing", (0.0..1.0).contains(&smoothing), "in 0..1", smoothing)?;
        Ok(())
    }

    /// A block over tokens, which attends to the image.
    pub(crate) fn decoder_block(&self) -> BlockConfig {
        BlockConfig { cross_attention: CrossAttention::Memory, ..self.encoder_block() }
    }

    /// A block over the positions of an image.
    pub(crate) fn encoder_block(&self) -> BlockConfig {
        BlockConfig {
            width: self.width,
            heads: self.heads,
            hidden: self.width * self.expansion,
            projections: Projections::Separate,
            cross_attention: CrossAttention::Without,
            residual_init: ResidualInit::Standard,
        }
    }
}
