//! Config of a text encoder.

use candle_transformers::models::{bert, xlm_roberta};
use codebook_prior::SentencePooling;
use serde::Deserialize;

use super::bert_config::RawBertConfig;
use super::checks::Checks;
use super::clip_config::{ClipConfig, RawClipConfig};
use crate::error::BuildError;
use crate::text_file::TextFile;

/// The checked content of `config.json`. Without the checks, `candle-transformers` would divide by 0 for some values.
pub(super) enum NetworkConfig {
    Bert(bert::Config),
    Roberta(xlm_roberta::Config),
    Clip(ClipConfig),
}

#[derive(Deserialize)]
struct RawConfig {
    model_type: String,
    text_config: Option<serde_json::Value>,
}

impl NetworkConfig {
    pub(super) fn new(file: &TextFile) -> Result<Self, BuildError> {
        let checks = Checks { file };
        let raw: RawConfig = checks.parse("a model's config with `model_type`")?;
        match raw.model_type.as_str() {
            "bert" => {
                let raw: RawBertConfig = checks.parse("the config of a BERT")?;
                Ok(Self::Bert(raw.bert(&checks)?))
            }
            "roberta" | "xlm-roberta" => {
                let raw: RawBertConfig = checks.parse("the config of a RoBERTa")?;
                Ok(Self::Roberta(raw.roberta(&checks)?))
            }
            "clip" => {
                // The error names the part, because its line numbers are not those of the file.
                let text =
                    raw.text_config.ok_or_else(|| checks.refuse("text_config", "CLIP's text encoder", "none"))?;
                let raw: RawClipConfig =
                    serde_json::from_value(text).map_err(|source| checks.json("CLIP's `text_config`", source))?;
                Ok(Self::Clip(raw.check(&checks)?))
            }
            "clip_text_model" => {
                let raw: RawClipConfig = checks.parse("the config of CLIP's text encoder")?;
                Ok(Self::Clip(raw.check(&checks)?))
            }
            other => Err(checks.refuse(
                "model_type",
                "bert or roberta or xlm-roberta or clip or clip_text_model",
                format!("{other:?}"),
            )),
        }
    }

    /// The supported poolings, the default first.
    pub(super) fn poolings(&self) -> &'static [SentencePooling] {
        match self {
            Self::Bert(_) | Self::Roberta(_) => &[SentencePooling::Mean, SentencePooling::Cls],
            Self::Clip(_) => &[SentencePooling::Projection],
        }
    }

    /// Names of the token embedding: in the bare model first, then inside a larger model, where all names have a
    /// prefix.
    pub(super) fn token_embedding_names(&self) -> &'static [&'static str] {
        match self {
            Self::Bert(_) => &["embeddings.word_embeddings.weight", "bert.embeddings.word_embeddings.weight"],
            Self::Roberta(_) => &["embeddings.word_embeddings.weight", "roberta.embeddings.word_embeddings.weight"],
            Self::Clip(_) => &["text_model.embeddings.token_embedding.weight"],
        }
    }

    /// Whether the encoder needs a tensor; heads, image encoders and integer buffers are skipped.
    pub(super) fn needs(&self, prefix: &str, name: &str) -> bool {
        let parts: &[&str] = match self {
            Self::Bert(_) | Self::Roberta(_) => &["embeddings.", "encoder."],
            Self::Clip(_) => &["text_model.", "text_projection."],
        };
        let inside = name.strip_prefix(prefix).is_some_and(|name| parts.iter().any(|part| name.starts_with(part)));
        inside && (name.ends_with(".weight") || name.ends_with(".bias"))
    }
}
