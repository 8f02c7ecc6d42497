//! Configs of BERT and RoBERTa.

use candle_nn::Activation;
use candle_transformers::models::bert::{self, HiddenAct, PositionEmbeddingType};
use candle_transformers::models::xlm_roberta;
use serde::Deserialize;

use super::checks::Checks;
use crate::error::BuildError;

/// The used part of BERT's and RoBERTa's `config.json`; defaults are those of Hugging Face's `BertConfig`.
#[derive(Deserialize)]
pub(super) struct RawBertConfig {
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    max_position_embeddings: usize,
    #[serde(default = "gelu")]
    hidden_act: String,
    type_vocab_size: Option<usize>,
    #[serde(default = "bert_epsilon")]
    layer_norm_eps: f64,
    pad_token_id: Option<u32>,
    position_embedding_type: Option<String>,
}

fn gelu() -> String {
    "gelu".into()
}

fn bert_epsilon() -> f64 {
    1e-12
}

impl RawBertConfig {
    /// The config of a BERT.
    pub(super) fn bert(self, checks: &Checks<'_>) -> Result<bert::Config, BuildError> {
        self.check(checks)?;
        let hidden_act = match self.hidden_act.as_str() {
            "gelu" => HiddenAct::Gelu,
            "gelu_new" | "gelu_pytorch_tanh" => HiddenAct::GeluApproximate,
            "relu" => HiddenAct::Relu,
            other => return Err(checks.refuse("hidden_act", "gelu, gelu_new, gelu_pytorch_tanh or relu", other)),
        };
        Ok(bert::Config {
            vocab_size: self.vocab_size,
            hidden_size: self.hidden_size,
            num_hidden_layers: self.num_hidden_layers,
            num_attention_heads: self.num_attention_heads,
            intermediate_size: self.intermediate_size,
            hidden_act,
            max_position_embeddings: self.max_position_embeddings,
            type_vocab_size: self.type_vocab_size.unwrap_or(2),
            layer_norm_eps: self.layer_norm_eps,
            position_embedding_type: PositionEmbeddingType::Absolute,
            // Without it, candle tries no other tensor names than those found.
            model_type: None,
            ..bert::Config::default()
        })
    }

    /// The config of a RoBERTa.
    pub(super) fn roberta(self, checks: &Checks<'_>) -> Result<xlm_roberta::Config, BuildError> {
        self.check(checks)?;
        let hidden_act = match self.hidden_act.as_str() {
            "gelu" => Activation::Gelu,
            "gelu_new" | "gelu_pytorch_tanh" => Activation::NewGelu,
            "relu" => Activation::Relu,
            other => return Err(checks.refuse("hidden_act", "gelu, gelu_new, gelu_pytorch_tanh or relu", other)),
        };
        let pad_token_id = self.pad_token_id.unwrap_or(1);
        // The positions of a text start after that of padding.
        if pad_token_id as usize + 1 >= self.max_position_embeddings {
            let expected = format!("fewer than {} positions", self.max_position_embeddings);
            return Err(checks.refuse("pad_token_id", &expected, pad_token_id));
        }
        Ok(xlm_roberta::Config {
            hidden_size: self.hidden_size,
            layer_norm_eps: self.layer_norm_eps,
            attention_probs_dropout_prob: 0.0,
            hidden_dropout_prob: 0.0,
            num_attention_heads: self.num_attention_heads,
            position_embedding_type: "absolute".into(),
            intermediate_size: self.intermediate_size,
            hidden_act,
            num_hidden_layers: self.num_hidden_layers,
            vocab_size: self.vocab_size,
            max_position_embeddings: self.max_position_embeddings,
            type_vocab_size: self.type_vocab_size.unwrap_or(2),
            pad_token_id,
        })
    }

    fn check(&self, checks: &Checks<'_>) -> Result<(), BuildError> {
        checks.sizes(&[
            ("vocab_size", self.vocab_size),
            ("hidden_size", self.hidden_size),
            ("intermediate_size", self.intermediate_size),
            ("num_hidden_layers", self.num_hidden_layers),
            ("num_attention_heads", self.num_attention_heads),
            ("max_position_embeddings", self.max_position_embeddings),
            ("type_vocab_size", self.type_vocab_size.unwrap_or(2)),
        ])?;
        checks.heads(self.hidden_size, self.num_attention_heads)?;
        if self.layer_norm_eps.is_nan() || self.layer_norm_eps < 0.0 {
            return Err(checks.refuse("layer_norm_eps", "0 or more", self.layer_norm_eps));
        }
        match self.position_embedding_type.as_deref() {
            None | Some("absolute") => Ok(()),
            Some(other) => Err(checks.refuse("position_embedding_type", "absolute", other)),
        }
    }
}
