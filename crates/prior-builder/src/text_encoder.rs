//! Vectors of prompts through a text encoder.

mod bert_config;
mod checks;
mod clip_config;
mod config;
mod network;

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{Device, Tensor};
use codebook_prior::{EmbeddingMethod, EmbeddingProvenance, Prompts, SentencePooling};
use serde::{Deserialize, Serialize};

use self::config::NetworkConfig;
use self::network::Network;
use crate::embedder::{EmbedderDescription, Term, TextEmbedder};
use crate::error::BuildError;
use crate::model::{StoredTensor, Weights, WordTokenizer};
use crate::text_file::TextFile;

/// How [`TextEncoder`] computes the vector of a word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TextEncoderConfig {
    /// The prompts.
    pub prompts: Prompts,
    /// How the hidden states of a prompt's tokens are pooled; `None` for the model's default: the mean for BERT-like
    /// encoders, the projection for CLIP.
    pub pooling: Option<SentencePooling>,
    /// B, the maximum number of prompts per forward pass.
    pub batch: usize,
}

impl Default for TextEncoderConfig {
    fn default() -> Self {
        Self { prompts: Prompts::default(), pooling: None, batch: 128 }
    }
}

/// A text encoder on the CPU: the vector of a word is that of a prompt with the word in it.
///
/// Reads BERT, RoBERTa and XLM-RoBERTa, and the text encoder of CLIP; `model_type` in `config.json` decides. Weights of
/// every float dtype are converted to f32. Vectors are not normalized.
///
/// Prompts with the same number of tokens form a batch, so that none is padded; candle uses all cores of the machine.
/// The same call gives the same bits on the same machine. Another batch size may change the last bits, because the
/// matrix product sums in another order: by less than 1e-5 of the greatest number.
pub struct TextEncoder {
    tokenizer: WordTokenizer,
    network: Network,
    config: TextEncoderConfig,
    pooling: SentencePooling,
    description: EmbedderDescription,
    /// The model's folder, for errors.
    folder: String,
}

impl TextEncoder {
    /// Reads a folder in Hugging Face's layout: `config.json`, `tokenizer.json`, and `model.safetensors` or else
    /// `model.safetensors.index.json` with its shards.
    ///
    /// `name` is the model's name in the provenance. The weights are copied: the files may change afterwards.
    ///
    /// # Errors
    /// [`BuildError::File`], [`BuildError::Json`], [`BuildError::Tokenizer`] or [`BuildError::Model`] for a file that
    /// is missing, cannot be read, or does not contain the model that the config states; [`BuildError::Prior`] for a
    /// prompt without one `{w}`; [`BuildError::Invalid`] for an unsupported model or pooling, and for weights that are
    /// not f32, f16 or bf16, or not finite.
    pub fn open(folder: &Path, name: &str, config: TextEncoderConfig) -> Result<Self, BuildError> {
        config.prompts.check()?;
        if config.batch == 0 {
            return Err(BuildError::invalid("text encoder", "batch", "1 prompt or more", 0));
        }
        let config_file = TextFile::read(folder.join("config.json"))?;
        let network_config = NetworkConfig::new(&config_file)?;
        let supported = network_config.poolings();
        let pooling = config.pooling.unwrap_or(supported[0]);
        if !supported.contains(&pooling) {
            let expected = supported.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
            let op = format!("text encoder {}", folder.display());
            return Err(BuildError::invalid(&op, "pooling", expected, pooling));
        }
        let tokenizer_file = TextFile::read(folder.join("tokenizer.json"))?;
        let tokenizer = WordTokenizer::new(&tokenizer_file)?;

        let weights = Weights::open(folder)?;
        let prefix = weights
            .find(network_config.token_embedding_names())?
            .strip_suffix(network_config.token_embedding_names()[0]);
        let prefix = prefix.unwrap_or_default();
        let loaded = weights.tensors(weights.names().filter(|name| network_config.needs(prefix, name)))?;
        let sources = [vec![config_file.source(name), tokenizer_file.source(name)], weights.sources(&loaded, name)];
        let tensors: Result<_, BuildError> = loaded.tensors.iter().map(|stored| tensor(prefix, stored)).collect();
        let folder = folder.display().to_string();
        let network = Network::new(&network_config, tensors?).map_err(|source| BuildError::Model {
            file: folder.clone(),
            expected: "the weights that config.json states",
            source: source.into(),
        })?;
        let Prompts { adjective, noun } = &config.prompts;
        let description = EmbedderDescription {
            embedding_dim: network.embedding_dim,
            summary: format!("{name}: prompts {adjective:?} and {noun:?} through the text encoder, {pooling}"),
            embedding: Some(EmbeddingProvenance {
                model: name.to_owned(),
                method: EmbeddingMethod::Encoder { prompts: config.prompts.clone(), pooling },
                refinement: Default::default(),
            }),
            sources: sources.concat(),
        };
        Ok(Self { tokenizer, network, config, pooling, description, folder })
    }

    /// The tokens of a term's prompt, within the limits of the encoder.
    fn tokens(&self, term: Term<'_>) -> Result<Vec<u32>, BuildError> {
        let prompt = self.config.prompts.fill(term.text, term.part_of_speech);
        let tokens = self.tokenizer.prompt(&prompt)?;
        let fail = |expected, got| Err(BuildError::invalid("embed", format!("{prompt:?}"), expected, got));
        let Network { vocabulary, max_tokens, .. } = self.network;
        if tokens.is_empty() || tokens.len() > max_tokens {
            return fail(format!("1 to {max_tokens} tokens"), tokens.len());
        }
        match tokens.iter().find(|token| **token as usize >= vocabulary) {
            Some(token) => fail(format!("tokens in 0..{vocabulary}"), *token as usize),
            None => Ok(tokens),
        }
    }

    /// The vectors of prompts with the same number of tokens: `[B, W]`, row-major.
    fn encode(&self, prompts: &[&[u32]]) -> Result<Vec<f32>, BuildError> {
        let failed = |source: candle_core::Error| BuildError::Model {
            file: self.folder.clone(),
            expected: "an encoder that can encode a prompt",
            source: source.into(),
        };
        let vectors = self.network.encode(prompts, self.pooling).map_err(failed)?;
        match vectors.iter().find(|value| !value.is_finite()) {
            Some(value) => Err(BuildError::invalid("embed", self.folder.as_str(), "finite numbers", value)),
            None => Ok(vectors),
        }
    }
}

impl TextEmbedder for TextEncoder {
    fn description(&self) -> EmbedderDescription {
        self.description.clone()
    }

    fn embed(&self, terms: &[Term<'_>]) -> Result<Vec<f32>, BuildError> {
        let tokens: Vec<Vec<u32>> = terms.iter().map(|term| self.tokens(*term)).collect::<Result<_, _>>()?;
        let mut by_length: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (at, tokens) in tokens.iter().enumerate() {
            by_length.entry(tokens.len()).or_default().push(at);
        }
        let dim = self.description.embedding_dim;
        let mut vectors = vec![0.0; terms.len() * dim];
        // Batches run one at a time: candle uses a thread pool with spinning barriers on all cores, in which concurrent
        // batches would wait for each other and take longer.
        for batch in by_length.values().flat_map(|same| same.chunks(self.config.batch)) {
            let prompts: Vec<&[u32]> = batch.iter().map(|at| tokens[*at].as_slice()).collect();
            let encoded = self.encode(&prompts)?;
            for (at, vector) in batch.iter().zip(encoded.chunks_exact(dim)) {
                vectors[at * dim..][..dim].copy_from_slice(vector);
            }
        }
        Ok(vectors)
    }
}

/// A stored tensor in f32, with its name without the prefix.
fn tensor(prefix: &str, stored: &StoredTensor) -> Result<(String, Tensor), BuildError> {
    let values = stored.values(0..stored.shape.iter().product())?;
    let tensor = Tensor::from_vec(values, stored.shape.as_slice(), &Device::Cpu);
    let name = stored.name.strip_prefix(prefix).unwrap_or(&stored.name).to_owned();
    tensor.map(|tensor| (name, tensor)).map_err(|error| stored.refuse("a tensor", error))
}
