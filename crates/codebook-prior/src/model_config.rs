use serde::Deserialize;

use crate::PriorError;
use crate::text_file::TextFile;

/// Models that keep their weights under the same names.
pub(crate) struct Family {
    /// The names by which `config.json` calls them.
    types: &'static [&'static str],
    /// What their input embedding may be called, the bare model's name first, then that inside a larger model.
    pub(crate) table: &'static [&'static str],
}

/// A later family adds an entry here.
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

/// CLIP, whose text half has a config of its own inside the model's.
const CLIP: Family = Family {
    types: &["clip", "clip_text_model"],
    table: &["text_model.embeddings.token_embedding.weight", "embeddings.token_embedding.weight"],
};

/// What is read of `config.json`. These are other people's files, so unknown keys are no error.
#[derive(Deserialize)]
struct Read {
    model_type: String,
    // Each family calls its width otherwise, and only by one of these.
    hidden_size: Option<usize>,
    n_embd: Option<usize>,
    d_model: Option<usize>,
    dim: Option<usize>,
    text_config: Option<ReadText>,
}

#[derive(Deserialize)]
struct ReadText {
    hidden_size: Option<usize>,
}

/// What an embedding table needs of `config.json`.
pub(crate) struct ModelConfig {
    pub(crate) family: &'static Family,
    /// W, where the config states it; CLIP's leaves out what is as in the paper.
    pub(crate) width: Option<usize>,
}

impl ModelConfig {
    pub(crate) fn new(file: &TextFile) -> Result<Self, PriorError> {
        let path = file.path.display().to_string();
        let read: Read = serde_json::from_str(&file.text).map_err(|source| PriorError::Json {
            file: path.clone(),
            expected: "a model's config with `model_type`",
            source,
        })?;
        let is = |family: &&Family| family.types.contains(&read.model_type.as_str());
        if is(&&CLIP) {
            let width = read.text_config.map_or(read.hidden_size, |text| text.hidden_size);
            return Ok(Self { family: &CLIP, width });
        }
        let Some(family) = FAMILIES.iter().find(is) else {
            let types = FAMILIES.iter().chain([&CLIP]).flat_map(|family| family.types).copied();
            let supported: Vec<_> = types.collect();
            return Err(PriorError::invalid(
                &format!("read {path}"),
                "model_type",
                supported.join(" or "),
                format!("{:?}", read.model_type),
            ));
        };
        Ok(Self { family, width: read.hidden_size.or(read.n_embd).or(read.d_model).or(read.dim) })
    }
}
