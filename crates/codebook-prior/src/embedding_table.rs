use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::model_config::ModelConfig;
use crate::text_file::TextFile;
use crate::weights::{StoredTensor, Weights};
use crate::word_tokenizer::WordTokenizer;
use crate::{EmbedderDescription, Embedding, EmbeddingMethod, Pooling, PriorError, Term, TextEmbedder, WordPlace};

/// How [`EmbeddingTable`] makes a vector of a word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TableConfig {
    /// How the rows of a word's tokens become one.
    pub pooling: Pooling,
    /// How a word is presented to the tokenizer.
    pub place: WordPlace,
}

/// The input embedding of a language model, `[V, W]`: a word's vector is pooled from the rows of its tokens.
///
/// Reads BERT, DistilBERT, RoBERTa and XLM-RoBERTa, GPT-2, LLaMA, Mistral, Qwen 2 and 3, Gemma (1 to 3, text only),
/// CLIP's text half, T5 and mT5. `config.json` says which, by `model_type`.
///
/// Special tokens (`[CLS]`, `[UNK]`, ..) are left out. Rows are as stored: neither centred nor normalized, and without
/// what a model does behind its table (Gemma's factor, positions, layer norm). The part of speech makes no difference.
/// The table stays in the mapped file; only the rows of the words asked for are converted and checked to be finite.
pub struct EmbeddingTable {
    tokenizer: WordTokenizer,
    /// `[V, W]`.
    table: StoredTensor,
    rows: usize,
    width: usize,
    config: TableConfig,
    description: EmbedderDescription,
}

impl EmbeddingTable {
    /// Reads a folder in Hugging Face's layout: `config.json`, `tokenizer.json`, and `model.safetensors` or else
    /// `model.safetensors.index.json` with the one shard that holds the table.
    ///
    /// `name` is what the provenance calls the model. The files must not be truncated or written in place while the
    /// table lives.
    ///
    /// # Errors
    /// [`PriorError::Io`] for a file that is not there; [`PriorError::Json`], [`PriorError::Tokenizer`] or
    /// [`PriorError::Container`] for one that cannot be read; [`PriorError::Invalid`] for a family of models that is
    /// not supported, and for a table that is missing, not a matrix of the width that the config states, or not f32,
    /// f16 or bf16.
    pub fn open(folder: &Path, name: &str, config: TableConfig) -> Result<Self, PriorError> {
        let config_file = TextFile::read(folder.join("config.json"))?;
        let model = ModelConfig::new(&config_file)?;
        let tokenizer_file = TextFile::read(folder.join("tokenizer.json"))?;
        let tokenizer = WordTokenizer::new(&tokenizer_file)?;

        let weights = Weights::open(folder)?;
        let tensor = weights.find(model.family.table)?;
        let mut loaded = weights.tensors([tensor])?;
        let sources = [vec![config_file.source(name), tokenizer_file.source(name)], weights.sources(&loaded, name)];
        let table = loaded.tensors.remove(0);
        let (rows, width) = match (table.shape.as_slice(), model.width) {
            (&[rows, width], None) if width > 0 => (rows, width),
            (&[rows, width], Some(stated)) if width > 0 && width == stated => (rows, width),
            (other, stated) => {
                let expected = stated.map_or("shape [V, W]".to_owned(), |width| format!("shape [V, {width}]"));
                return Err(table.fail(&expected, format!("{other:?}")));
            }
        };
        let description = EmbedderDescription {
            width,
            summary: format!(
                "{name}: rows of `{tensor}`, {}, {}, special tokens left out",
                config.pooling, config.place
            ),
            embedding: Some(Embedding {
                model: name.to_owned(),
                method: EmbeddingMethod::Table {
                    tensor: tensor.to_owned(),
                    pooling: config.pooling,
                    place: config.place,
                },
                refinement: Default::default(),
            }),
            sources: sources.concat(),
        };
        Ok(Self { tokenizer, table, rows, width, config, description })
    }

    /// Rows `[T, W]` of T tokens, one after the other.
    ///
    /// # Errors
    /// [`PriorError::Invalid`] for a token that the table lacks, or a row that is not finite.
    pub fn rows(&self, tokens: &[u32]) -> Result<Vec<f32>, PriorError> {
        let mut rows = Vec::with_capacity(tokens.len() * self.width);
        for token in tokens {
            rows.extend(self.row("a token", *token)?);
        }
        Ok(rows)
    }

    /// Row `token` of the table, `[W]`.
    fn row(&self, text: &str, token: u32) -> Result<Vec<f32>, PriorError> {
        let token = token as usize;
        if token >= self.rows {
            let expected = format!("tokens in 0..{}", self.rows);
            return Err(PriorError::invalid("embed", format!("{text:?}"), expected, token));
        }
        self.table.values(token * self.width..(token + 1) * self.width)
    }
}

impl TextEmbedder for EmbeddingTable {
    fn description(&self) -> EmbedderDescription {
        self.description.clone()
    }

    fn embed(&self, terms: &[Term<'_>]) -> Result<Vec<f32>, PriorError> {
        let mut vectors = Vec::with_capacity(terms.len() * self.width);
        for Term { text, .. } in terms {
            let tokens = self.tokenizer.word(text, self.config.place)?;
            let pooled = match self.config.pooling {
                Pooling::Mean => tokens.as_slice(),
                Pooling::First => &tokens[..1],
                Pooling::Last => &tokens[tokens.len() - 1..],
            };
            let mut sum = vec![0.0; self.width];
            for token in pooled {
                sum.iter_mut().zip(self.row(text, *token)?).for_each(|(sum, value)| *sum += value);
            }
            vectors.extend(sum.into_iter().map(|sum| sum / pooled.len() as f32));
        }
        Ok(vectors)
    }
}
