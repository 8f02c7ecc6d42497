use candle_transformers::models::{bert, xlm_roberta};
use serde::Deserialize;

use super::checks::Checks;
use super::clip_config::ClipNetworkConfig;
use crate::text_file::TextFile;
use crate::{PriorError, SentencePooling};

/// What `config.json` says of an encoder, checked: `candle-transformers` divides by some of its numbers.
pub(super) enum NetworkConfig {
    Bert(bert::Config),
    Roberta(xlm_roberta::Config),
    Clip(ClipNetworkConfig),
}

#[derive(Deserialize)]
struct Kind {
    model_type: String,
    text_config: Option<serde_json::Value>,
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
