//! Rows of an input embedding.

use std::path::Path;

use codebook_prior::{EmbeddingMethod, EmbeddingProvenance, SubwordPooling, WordContext};
use serde::{Deserialize, Serialize};

use crate::embedder::{EmbedderDescription, Term, TextEmbedder};
use crate::error::BuildError;
use crate::model::{ModelConfig, StoredTensor, Weights, WordTokenizer};
use crate::text_file::TextFile;

/// How [`EmbeddingTable`] computes the vector of a word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EmbeddingTableConfig {
    /// How the rows of a word's subwords are pooled.
    pub pooling: SubwordPooling,
    /// How a word is passed to the tokenizer.
    #[serde(rename = "place")]
    pub context: WordContext,
}

/// The input embedding of a language model, `[V, W]`: a word's vector is pooled from the rows of its subwords.
///
/// Reads BERT, DistilBERT, RoBERTa and XLM-RoBERTa, GPT-2, LLaMA, Mistral, Qwen 2 and 3, Gemma (1 to 3, text only),
/// CLIP's text encoder, T5 and mT5. `model_type` in `config.json` decides.
///
/// Special tokens (`[CLS]`, `[UNK]`, ..) are left out. Rows are as stored: neither centred nor normalized, and without
/// the model's next operations (Gemma's factor, positions, layer norm). The part of speech has no effect. The table
/// stays in the mapped file; only the rows in use are converted and checked to be finite.
pub struct EmbeddingTable {
    tokenizer: WordTokenizer,
    /// `[V, W]`.
    table: StoredTensor,
    rows: usize,
    embedding_dim: usize,
    config: EmbeddingTableConfig,
    description: EmbedderDescription,
}

impl EmbeddingTable {
    /// Reads a folder in Hugging Face's layout: `config.json`, `tokenizer.json`, and `model.safetensors` or else
    /// `model.safetensors.index.json` with the one shard that holds the table.
    ///
    /// `name` is the model's name in the provenance. The files must not be truncated or written in place while the
    /// table is in use.
    ///
    /// # Errors
    /// [`BuildError::File`], [`BuildError::Json`] or [`BuildError::Tokenizer`] for a file that is missing or cannot be
    /// read; [`BuildError::Invalid`] for an unsupported `model_type`, and for a table that is missing, not a matrix of
    /// the dimension that the config states, or not f32, f16 or bf16.
    pub fn open(folder: &Path, name: &str, config: EmbeddingTableConfig) -> Result<Self, BuildError> {
        let config_file = TextFile::read(folder.join("config.json"))?;
        let model = ModelConfig::new(&config_file)?;
        let tokenizer_file = TextFile::read(folder.join("tokenizer.json"))?;
        let tokenizer = WordTokenizer::new(&tokenizer_file)?;

        let weights = Weights::open(folder)?;
        let tensor = weights.find(model.family.table)?;
        let mut loaded = weights.tensors([tensor])?;
        let sources = [vec![config_file.source(name), tokenizer_file.source(name)], weights.sources(&loaded, name)];
        let table = loaded.tensors.remove(0);
        let (rows, embedding_dim) = match (table.shape.as_slice(), model.embedding_dim) {
            (&[rows, dim], None) if dim > 0 => (rows, dim),
            (&[rows, dim], Some(stated)) if dim > 0 && dim == stated => (rows, dim),
            (other, stated) => {
                let expected = stated.map_or("shape [V, W]".to_owned(), |dim| format!("shape [V, {dim}]"));
                return Err(table.refuse(&expected, format!("{other:?}")));
            }
        };
        let description = EmbedderDescription {
            embedding_dim,
            summary: format!(
                "{name}: rows of `{tensor}`, {}, {}, special tokens left out",
                config.pooling, config.context
            ),
            embedding: Some(EmbeddingProvenance {
                model: name.to_owned(),
                method: EmbeddingMethod::Table {
                    tensor: tensor.to_owned(),
                    pooling: config.pooling,
                    context: config.context,
                },
                refinement: Default::default(),
            }),
            sources: sources.concat(),
        };
        Ok(Self { tokenizer, table, rows, embedding_dim, config, description })
    }

    /// The rows of T tokens: `[T, W]`, row-major.
    ///
    /// # Errors
    /// [`BuildError::Invalid`] for a token outside of the table, or a row that is not finite.
    pub fn rows(&self, tokens: &[u32]) -> Result<Vec<f32>, BuildError> {
        let mut rows = Vec::with_capacity(tokens.len() * self.embedding_dim);
        for token in tokens {
            rows.extend(self.row("a token", *token)?);
        }
        Ok(rows)
    }

    /// Row `token` of the table, `[W]`.
    fn row(&self, text: &str, token: u32) -> Result<Vec<f32>, BuildError> {
        let token = token as usize;
        if token >= self.rows {
            let expected = format!("tokens in 0..{}", self.rows);
            return Err(BuildError::invalid("embed", format!("{text:?}"), expected, token));
        }
        self.table.values(token * self.embedding_dim..(token + 1) * self.embedding_dim)
    }
}

impl TextEmbedder for EmbeddingTable {
    fn description(&self) -> EmbedderDescription {
        self.description.clone()
    }

    fn embed(&self, terms: &[Term<'_>]) -> Result<Vec<f32>, BuildError> {
        let mut vectors = Vec::with_capacity(terms.len() * self.embedding_dim);
        for Term { text, .. } in terms {
            let tokens = self.tokenizer.word(text, self.config.context)?;
            let pooled = match self.config.pooling {
                SubwordPooling::Mean => tokens.as_slice(),
                SubwordPooling::First => &tokens[..1],
                SubwordPooling::Last => &tokens[tokens.len() - 1..],
            };
            let mut sum = vec![0.0; self.embedding_dim];
            for token in pooled {
                sum.iter_mut().zip(self.row(text, *token)?).for_each(|(sum, value)| *sum += value);
            }
            vectors.extend(sum.into_iter().map(|sum| sum / pooled.len() as f32));
        }
        Ok(vectors)
    }
}
