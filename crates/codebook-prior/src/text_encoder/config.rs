use candle_nn::Activation;
use candle_transformers::models::bert::{self, HiddenAct, PositionEmbeddingType};
use candle_transformers::models::clip::text_model::{self, ClipTextConfig};
use candle_transformers::models::xlm_roberta;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::text_file::TextFile;
use crate::{PriorError, SentencePooling};

/// What `config.json` says of an encoder, checked: `candle-transformers` divides by some of its numbers.
pub(super) enum NetworkConfig {
    Bert(bert::Config),
    Roberta(xlm_roberta::Config),
    Clip(ClipNetworkConfig),
}

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

#[derive(Deserialize)]
struct Kind {
    model_type: String,
    text_config: Option<serde_json::Value>,
}

/// BERT's and RoBERTa's `config.json`; defaults are those of Hugging Face's `BertConfig`.
#[derive(Deserialize)]
struct ReadBert {
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

/// The text half of CLIP's `config.json`, which leaves out what is as in Hugging Face's `CLIPTextConfig`.
#[derive(Deserialize)]
#[serde(default)]
struct ReadClip {
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

impl NetworkConfig {
    pub(super) fn new(file: &TextFile) -> Result<Self, PriorError> {
        let checks = Checks { file };
        let kind: Kind = checks.parse("a model's config with `model_type`")?;
        match kind.model_type.as_str() {
            "bert" => checks.bert(checks.parse("the config of a BERT")?),
            "roberta" | "xlm-roberta" => checks.roberta(checks.parse("the config of a RoBERTa")?),
            "clip" => {
                // An own error for the part: its line numbers are not those of the file.
                let text = kind.text_config.ok_or_else(|| checks.fail("text_config", "CLIP's text half", "none"))?;
                let read =
                    serde_json::from_value(text).map_err(|source| checks.json("CLIP's `text_config`", source))?;
                checks.clip(read)
            }
            "clip_text_model" => checks.clip(checks.parse("the config of CLIP's text half")?),
            other => Err(checks.fail(
                "model_type",
                "bert or roberta or xlm-roberta or clip or clip_text_model",
                format!("{other:?}"),
            )),
        }
    }

    /// What can be made of the tokens' states, the default first.
    pub(super) fn poolings(&self) -> &'static [SentencePooling] {
        match self {
            Self::Bert(_) | Self::Roberta(_) => &[SentencePooling::Mean, SentencePooling::Cls],
            Self::Clip(_) => &[SentencePooling::Projection],
        }
    }

    /// What the token embedding may be called: bare, which tells the prefix of all names, then inside a larger model.
    pub(super) fn first_tensors(&self) -> &'static [&'static str] {
        match self {
            Self::Bert(_) => &["embeddings.word_embeddings.weight", "bert.embeddings.word_embeddings.weight"],
            Self::Roberta(_) => &["embeddings.word_embeddings.weight", "roberta.embeddings.word_embeddings.weight"],
            Self::Clip(_) => &["text_model.embeddings.token_embedding.weight"],
        }
    }

    /// Whether the encoder needs a tensor; others (heads, images, buffers of integers) are left alone.
    pub(super) fn reads(&self, prefix: &str, name: &str) -> bool {
        let parts: &[&str] = match self {
            Self::Bert(_) | Self::Roberta(_) => &["embeddings.", "encoder."],
            Self::Clip(_) => &["text_model.", "text_projection."],
        };
        let inside = name.strip_prefix(prefix).is_some_and(|name| parts.iter().any(|part| name.starts_with(part)));
        inside && (name.ends_with(".weight") || name.ends_with(".bias"))
    }
}

/// The rules of a config, with errors that name the file.
struct Checks<'a> {
    file: &'a TextFile,
}

impl Checks<'_> {
    fn bert(&self, read: ReadBert) -> Result<NetworkConfig, PriorError> {
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

    fn roberta(&self, read: ReadBert) -> Result<NetworkConfig, PriorError> {
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

    fn clip(&self, read: ReadClip) -> Result<NetworkConfig, PriorError> {
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

    fn sizes(&self, sizes: &[(&str, usize)]) -> Result<(), PriorError> {
        match sizes.iter().find(|(_, size)| !(1..=u32::MAX as usize).contains(size)) {
            Some((field, size)) => Err(self.fail(field, "1 to 2^32 - 1", size)),
            None => Ok(()),
        }
    }

    fn heads(&self, hidden_size: usize, heads: usize) -> Result<(), PriorError> {
        match hidden_size.is_multiple_of(heads) {
            true => Ok(()),
            false => Err(self.fail("num_attention_heads", &format!("a divisor of hidden_size, {hidden_size}"), heads)),
        }
    }

    fn parse<T: DeserializeOwned>(&self, expected: &'static str) -> Result<T, PriorError> {
        serde_json::from_str(&self.file.text).map_err(|source| self.json(expected, source))
    }

    fn json(&self, expected: &'static str, source: serde_json::Error) -> PriorError {
        PriorError::Json { file: self.file.path.display().to_string(), expected, source }
    }

    fn fail(&self, field: &str, expected: &str, got: impl ToString) -> PriorError {
        PriorError::invalid(&format!("read {}", self.file.path.display()), field, expected, got)
    }
}
