//! What an embedding table needs of `config.json`.

use serde::Deserialize;

use crate::error::BuildError;
use crate::text_file::TextFile;

/// Models with the same names of weights.
pub(crate) struct Family {
    /// Their `model_type` in `config.json`.
    types: &'static [&'static str],
    /// Names of the input embedding: in the bare model first, then inside a larger model.
    pub(crate) table: &'static [&'static str],
}

/// All families but CLIP.
const FAMILIES: [Family; 6] = [
    Family {
        types: &["bert"],
        table: &["embeddings.word_embeddings.weight", "bert.embeddings.word_embeddings.weight"],
    },
    Family {
        types: &["distilbert"],
        table: &["embeddings.word_embeddings.weight", "distilbert.embeddings.word_embeddings.weight"],
    },
    Family {
        types: &["roberta", "xlm-roberta"],
        table: &["embeddings.word_embeddings.weight", "roberta.embeddings.word_embeddings.weight"],
    },
    Family { types: &["gpt2"], table: &["wte.weight", "transformer.wte.weight"] },
    Family {
        types: &["llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3_text"],
        table: &["model.embed_tokens.weight", "embed_tokens.weight"],
    },
    Family { types: &["t5", "mt5"], table: &["shared.weight", "encoder.embed_tokens.weight"] },
];

/// CLIP, whose config contains that of the text encoder.
const CLIP: Family = Family {
    types: &["clip", "clip_text_model"],
    table: &["text_model.embeddings.token_embedding.weight", "embeddings.token_embedding.weight"],
};

/// The used part of `config.json`. Other keys are ignored: the files come from many programs.
#[derive(Deserialize)]
struct RawConfig {
    model_type: String,
    // Each family has one of these names for the embedding dimension.
    hidden_size: Option<usize>,
    n_embd: Option<usize>,
    d_model: Option<usize>,
    dim: Option<usize>,
    text_config: Option<RawTextConfig>,
}

#[derive(Deserialize)]
struct RawTextConfig {
    hidden_size: Option<usize>,
}

/// The family of a model and its embedding dimension.
pub(crate) struct ModelConfig {
    pub(crate) family: &'static Family,
    /// W, if the config states it; CLIP's config omits the values of the paper.
    pub(crate) embedding_dim: Option<usize>,
}

impl ModelConfig {
    pub(crate) fn new(file: &TextFile) -> Result<Self, BuildError> {
        let path = file.path.display().to_string();
        let raw: RawConfig = serde_json::from_str(&file.text).map_err(|source| BuildError::Json {
            file: path.clone(),
            expected: "a model's config with `model_type`",
            source,
        })?;
        let matches = |family: &&Family| family.types.contains(&raw.model_type.as_str());
        if matches(&&CLIP) {
            let embedding_dim = raw.text_config.map_or(raw.hidden_size, |text| text.hidden_size);
            return Ok(Self { family: &CLIP, embedding_dim });
        }
        let Some(family) = FAMILIES.iter().find(matches) else {
            let types = FAMILIES.iter().chain([&CLIP]).flat_map(|family| family.types).copied();
            let supported: Vec<_> = types.collect();
            return Err(BuildError::invalid(
                &format!("read {path}"),
                "model_type",
                supported.join(" or "),
                format!("{:?}", raw.model_type),
            ));
        };
        Ok(Self { family, embedding_dim: raw.hidden_size.or(raw.n_embd).or(raw.d_model).or(raw.dim) })
    }
}
