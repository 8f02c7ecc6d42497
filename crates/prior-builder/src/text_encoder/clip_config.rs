//! Config of CLIP's text encoder.

use candle_transformers::models::clip::text_model::{self, ClipTextConfig};
use serde::Deserialize;

use super::checks::Checks;
use crate::error::BuildError;

/// The checked config of CLIP's text encoder.
pub(super) struct ClipConfig {
    pub(super) text: ClipTextConfig,
    /// How the token that ends a text is found.
    pub(super) end: EndToken,
}

/// The token whose state represents a text.
#[derive(Clone, Copy)]
pub(super) enum EndToken {
    /// The first token of the highest id. OpenAI's checkpoints need it: their configs state id 2, which is wrong.
    Highest,
    /// The first token of this id.
    Token(u32),
}

/// The used part of the text config in CLIP's `config.json`, which omits the defaults of Hugging Face's
/// `CLIPTextConfig`.
#[derive(Deserialize)]
#[serde(default)]
pub(super) struct RawClipConfig {
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    max_position_embeddings: usize,
    hidden_act: String,
    layer_norm_eps: f64,
    eos_token_id: Option<u32>,
}

impl Default for RawClipConfig {
    fn default() -> Self {
        Self {
            vocab_size: 49408,
            hidden_size: 512,
            intermediate_size: 2048,
            num_hidden_layers: 12,
            num_attention_heads: 8,
            max_position_embeddings: 77,
            hidden_act: "quick_gelu".into(),
            layer_norm_eps: 1e-5,
            eos_token_id: Some(49407),
        }
    }
}

impl RawClipConfig {
    /// The checked config.
    pub(super) fn check(self, checks: &Checks<'_>) -> Result<ClipConfig, BuildError> {
        checks.sizes(&[
            ("vocab_size", self.vocab_size),
            ("hidden_size", self.hidden_size),
            ("intermediate_size", self.intermediate_size),
            ("num_hidden_layers", self.num_hidden_layers),
            ("num_attention_heads", self.num_attention_heads),
            ("max_position_embeddings", self.max_position_embeddings),
        ])?;
        checks.heads(self.hidden_size, self.num_attention_heads)?;
        // `candle-transformers` supports no other.
        if self.hidden_act != "quick_gelu" {
            return Err(checks.refuse("hidden_act", "quick_gelu", self.hidden_act));
        }
        if self.layer_norm_eps != 1e-5 {
            return Err(checks.refuse("layer_norm_eps", "0.00001", self.layer_norm_eps));
        }
        let end = match self.eos_token_id {
            Some(2) | None => EndToken::Highest,
            Some(token) => EndToken::Token(token),
        };
        let text = ClipTextConfig {
            vocab_size: self.vocab_size,
            embed_dim: self.hidden_size,
            activation: text_model::Activation::QuickGelu,
            intermediate_size: self.intermediate_size,
            max_position_embeddings: self.max_position_embeddings,
            pad_with: None,
            num_hidden_layers: self.num_hidden_layers,
            num_attention_heads: self.num_attention_heads,
            projection_dim: 0, // unused: the projection has its own shape
        };
        Ok(ClipConfig { text, end })
    }
}
