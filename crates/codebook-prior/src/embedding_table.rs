use std::path::Path;

use half::{bf16, f16};
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;
use tokenizers::Tokenizer;

use crate::map::map;
use crate::text_file::{TextFile, sha256, source};
use crate::{EmbedderDescription, PriorError, TextEmbedder};

/// The input embedding of a language model, `[V, W]`: a text's vector is the mean of its subwords' rows.
///
/// Special tokens (`[CLS]`, `[UNK]`, ..) are left out of the mean. Rows are as trained: neither centred nor normalized.
pub struct EmbeddingTable {
    tokenizer: Tokenizer,
    /// `[V, W]`, row by row.
    rows: Vec<f32>,
    width: usize,
    description: EmbedderDescription,
}

/// What is read of `config.json`.
#[derive(Deserialize)]
struct Config {
    model_type: String,
}

/// Where a family of models keeps its input embedding; a later family adds a line here.
const FAMILIES: [(&str, &[&str]); 1] =
    [("bert", &["embeddings.word_embeddings.weight", "bert.embeddings.word_embeddings.weight"])];

impl EmbeddingTable {
    /// Reads a folder in Hugging Face's layout: `config.json`, `tokenizer.json`, `model.safetensors`.
    ///
    /// `name` is what the provenance calls the model.
    ///
    /// # Errors
    /// [`PriorError::Io`] for a file that is not there; [`PriorError::Json`], [`PriorError::Tokenizer`] or
    /// [`PriorError::Container`] for one that cannot be read; [`PriorError::Invalid`] for a family of models that is
    /// not supported, and for a table that is missing, not a matrix, not f32, f16 or bf16, or not finite.
    pub fn open(folder: &Path, name: &str) -> Result<Self, PriorError> {
        let config_file = TextFile::read(folder.join("config.json"))?;
        let tensor_names = tensor_names(&config_file)?;

        let tokenizer_file = TextFile::read(folder.join("tokenizer.json"))?;
        let mut tokenizer: Tokenizer = tokenizer_file.text.parse().map_err(|source| PriorError::Tokenizer {
            file: tokenizer_file.path.display().to_string(),
            expected: "a tokenizer",
            source,
        })?;
        // A tokenizer trained for batches pads each text to full length: padding would drown a word's own rows.
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None).map_err(|source| PriorError::Tokenizer {
            file: tokenizer_file.path.display().to_string(),
            expected: "no truncation",
            source,
        })?;

        let path = folder.join("model.safetensors");
        let bytes = map(&path)?;
        let table = table(&path, &bytes, tensor_names)?;
        let sources = vec![config_file.source(name), tokenizer_file.source(name), source(name, &path, sha256(&bytes))];
        let summary = format!("{name}: rows of `{}`, mean over subwords, special tokens left out", table.name);
        let description = EmbedderDescription { width: table.width, summary, sources };
        Ok(Self { tokenizer, rows: table.rows, width: table.width, description })
    }

    /// The rows that make up a text's vector.
    fn tokens(&self, text: &str) -> Result<Vec<usize>, PriorError> {
        let encoding = self.tokenizer.encode(text, false).map_err(|source| PriorError::Tokenizer {
            file: format!("tokenizer on {text:?}"),
            expected: "tokens",
            source,
        })?;
        let special = |id: &u32| self.tokenizer.get_added_tokens_decoder().get(id).is_some_and(|token| token.special);
        let tokens: Vec<usize> = encoding.get_ids().iter().filter(|id| !special(id)).map(|id| *id as usize).collect();
        let rows = self.rows.len() / self.width;
        if let Some(token) = tokens.iter().find(|token| **token >= rows) {
            return Err(PriorError::invalid("embed", format!("{text:?}"), format!("tokens in 0..{rows}"), token));
        }
        if tokens.is_empty() {
            let got = format!("{:?}", encoding.get_tokens());
            return Err(PriorError::invalid("embed", format!("{text:?}"), "a token that is not special", got));
        }
        Ok(tokens)
    }
}

impl TextEmbedder for EmbeddingTable {
    fn description(&self) -> EmbedderDescription {
        self.description.clone()
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<f32>, PriorError> {
        let mut vectors = Vec::with_capacity(texts.len() * self.width);
        for text in texts {
            let tokens = self.tokens(text)?;
            let mean = |at: usize| {
                let sum: f32 = tokens.iter().map(|token| self.rows[token * self.width + at]).sum();
                sum / tokens.len() as f32
            };
            vectors.extend((0..self.width).map(mean));
        }
        Ok(vectors)
    }
}

fn tensor_names(config: &TextFile) -> Result<&'static [&'static str], PriorError> {
    let path = config.path.display().to_string();
    let parsed: Config = serde_json::from_str(&config.text).map_err(|source| PriorError::Json {
        file: path.clone(),
        expected: "a model's config with `model_type`",
        source,
    })?;
    let family = FAMILIES.iter().find(|(family, _)| *family == parsed.model_type);
    family.map(|(_, names)| *names).ok_or_else(|| {
        let supported: Vec<_> = FAMILIES.iter().map(|(family, _)| *family).collect();
        PriorError::invalid(&format!("read {path}"), "model_type", supported.join(" or "), parsed.model_type)
    })
}

/// An input embedding, `[V, W]`.
struct Table {
    name: &'static str,
    rows: Vec<f32>,
    width: usize,
}

fn table(path: &Path, bytes: &[u8], names: &[&'static str]) -> Result<Table, PriorError> {
    let op = format!("read {}", path.display());
    let tensors = SafeTensors::deserialize(bytes)
        .map_err(|source| PriorError::Container { file: path.display().to_string(), source })?;
    let found = names.iter().find_map(|name| Some((*name, tensors.tensor(name).ok()?)));
    let Some((name, view)) = found else {
        let got = format!("{} other tensors", tensors.len());
        return Err(PriorError::invalid(&op, "tensors", names.join(" or "), got));
    };
    let field = format!("tensor {name:?}");
    let Some(width) = matrix_width(view.shape()) else {
        return Err(PriorError::invalid(&op, field, "shape [V, W]", format!("{:?}", view.shape())));
    };
    let data = view.data();
    let rows: Vec<f32> = match view.dtype() {
        Dtype::F32 => data.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
        Dtype::F16 => data.as_chunks().0.iter().map(|bytes| f16::from_le_bytes(*bytes).to_f32()).collect(),
        Dtype::BF16 => data.as_chunks().0.iter().map(|bytes| bf16::from_le_bytes(*bytes).to_f32()).collect(),
        other => return Err(PriorError::invalid(&op, field, "F32, F16 or BF16", format!("{other:?}"))),
    };
    if let Some(at) = rows.iter().position(|value| !value.is_finite()) {
        let got = format!("{} at [{}, {}]", rows[at], at / width, at % width);
        return Err(PriorError::invalid(&op, field, "finite numbers", got));
    }
    Ok(Table { name, rows, width })
}

/// W of a shape `[V, W]`.
fn matrix_width(shape: &[usize]) -> Option<usize> {
    match *shape {
        [_, width] if width > 0 => Some(width),
        _ => None,
    }
}
