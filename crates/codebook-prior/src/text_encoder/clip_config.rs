use candle_transformers::models::clip::text_model::{self, ClipTextConfig};
use serde::Deserialize;

use super::checks::Checks;
use super::config::NetworkConfig;
use crate::PriorError;

/// What is needed of the config of CLIP's text half.
pub(super) struct ClipNetworkConfig {
    pub(super) text: ClipTextConfig,
    /// How the token that ends a text is found.
    pub(super) end: ClipEnd,
}

/// The token whose state stands for a text.
#[derive(Clone, Copy)]
pub(super) enum ClipEnd {
    /// The first of highest id. OpenAI's checkpoints need it, whose configs state 2, which is wrong.
    Highest,
    /// The first of this id.
    Token(u32),
}

/// The text half of CLIP's `config.json`, which leaves out what is as in Hugging Face's `CLIPTextConfig`.
#[derive(Deserialize)]
#[serde(default)]
pub(super) struct ReadClip {
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

impl Default for ReadClip {
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

impl Checks<'_> {
    pub(super) fn clip(&self, read: ReadClip) -> Result<NetworkConfig, PriorError> {
        self.sizes(&[
            ("vocab_size", read.vocab_size),
            ("hidden_size", read.hidden_size),
            ("intermediate_size", read.intermediate_size),
            ("num_hidden_layers", read.num_hidden_layers),
            ("num_attention_heads", read.num_attention_heads),
            ("max_position_embeddings", read.max_position_embeddings),
        ])?;
        self.heads(read.hidden_size, read.num_attention_heads)?;
        // `candle-transformers` knows no other.
        if read.hidden_act != "quick_gelu" {
            return Err(self.fail("hidden_act", "quick_gelu", read.hidden_act));
        }
        if read.layer_norm_eps != 1e-5 {
            return Err(self.fail("layer_norm_eps", "0.00001", read.layer_norm_eps));
        }
        let end = match read.eos_token_id {
            Some(2) | None => ClipEnd::Highest,
            Some(token) => ClipEnd::Token(token),
        };
        let text = ClipTextConfig {
            vocab_size: read.vocab_size,
            embed_dim: read.hidden_size,
            activation: text_model::Activation::QuickGelu,
            intermediate_size: read.intermediate_size,
            max_position_embeddings: read.max_position_embeddings,
            pad_with: None,
            num_hidden_layers: read.num_hidden_layers,
            num_attention_heads: read.num_attention_heads,
            projection_dim: 0, // not read: the projection's own shape says it
        };
        Ok(NetworkConfig::Clip(ClipNetworkConfig { text, end }))
    }
}
