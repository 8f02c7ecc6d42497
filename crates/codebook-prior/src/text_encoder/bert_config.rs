use candle_nn::Activation;
use candle_transformers::models::bert::{self, HiddenAct, PositionEmbeddingType};
use candle_transformers::models::xlm_roberta;
use serde::Deserialize;

use super::checks::Checks;
use super::config::NetworkConfig;
use crate::PriorError;

/// BERT's and RoBERTa's `config.json`; defaults are those of Hugging Face's `BertConfig`.
#[derive(Deserialize)]
pub(super) struct ReadBert {
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

impl Checks<'_> {
    pub(super) fn bert(&self, read: ReadBert) -> Result<NetworkConfig, PriorError> {
        self.bert_rules(&read)?;
        let hidden_act = match read.hidden_act.as_str() {
            "gelu" => HiddenAct::Gelu,
            "gelu_new" | "gelu_pytorch_tanh" => HiddenAct::GeluApproximate,
            "relu" => HiddenAct::Relu,
            other => return Err(self.fail("hidden_act", "gelu, gelu_new, gelu_pytorch_tanh or relu", other)),
        };
        Ok(NetworkConfig::Bert(bert::Config {
            vocab_size: read.vocab_size,
            hidden_size: read.hidden_size,
            num_hidden_layers: read.num_hidden_layers,
            num_attention_heads: read.num_attention_heads,
            intermediate_size: read.intermediate_size,
            hidden_act,
            max_position_embeddings: read.max_position_embeddings,
            type_vocab_size: read.type_vocab_size.unwrap_or(2),
            layer_norm_eps: read.layer_norm_eps,
            position_embedding_type: PositionEmbeddingType::Absolute,
            // No other names are tried than those found.
            model_type: None,
            ..bert::Config::default()
        }))
    }

    pub(super) fn roberta(&self, read: ReadBert) -> Result<NetworkConfig, PriorError> {
        self.bert_rules(&read)?;
        let hidden_act = match read.hidden_act.as_str() {
            "gelu" => Activation::Gelu,
            "gelu_new" | "gelu_pytorch_tanh" => Activation::NewGelu,
            "relu" => Activation::Relu,
            other => return Err(self.fail("hidden_act", "gelu, gelu_new, gelu_pytorch_tanh or relu", other)),
        };
        let pad_token_id = read.pad_token_id.unwrap_or(1);
        // The positions of a text start behind that of padding.
        if pad_token_id as usize + 1 >= read.max_position_embeddings {
            let expected = format!("fewer than {} positions", read.max_position_embeddings);
            return Err(self.fail("pad_token_id", &expected, pad_token_id));
        }
        Ok(NetworkConfig::Roberta(xlm_roberta::Config {
            hidden_size: read.hidden_size,
            layer_norm_eps: read.layer_norm_eps,
            attention_probs_dropout_prob: 0.0,
            hidden_dropout_prob: 0.0,
            num_attention_heads: read.num_attention_heads,
            position_embedding_type: "absolute".into(),
            intermediate_size: read.intermediate_size,
            hidden_act,
            num_hidden_layers: read.num_hidden_layers,
            vocab_size: read.vocab_size,
            max_position_embeddings: read.max_position_embeddings,
            type_vocab_size: read.type_vocab_size.unwrap_or(2),
            pad_token_id,
        }))
    }

    fn bert_rules(&self, read: &ReadBert) -> Result<(), PriorError> {
        self.sizes(&[
            ("vocab_size", read.vocab_size),
            ("hidden_size", read.hidden_size),
            ("intermediate_size", read.intermediate_size),
            ("num_hidden_layers", read.num_hidden_layers),
            ("num_attention_heads", read.num_attention_heads),
            ("max_position_embeddings", read.max_position_embeddings),
            ("type_vocab_size", read.type_vocab_size.unwrap_or(2)),
        ])?;
        self.heads(read.hidden_size, read.num_attention_heads)?;
        if read.layer_norm_eps.is_nan() || read.layer_norm_eps < 0.0 {
            return Err(self.fail("layer_norm_eps", "0 or more", read.layer_norm_eps));
        }
        match read.position_embedding_type.as_deref() {
            None | Some("absolute") => Ok(()),
            Some(other) => Err(self.fail("position_embedding_type", "absolute", other)),
        }
    }
}
