//! Prompts through a text encoder.

mod bert_config;
mod checks;
mod clip_config;
mod config;
mod network;

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};

use self::config::NetworkConfig;
use self::network::Network;
use crate::text_file::TextFile;
use crate::weights::{StoredTensor, Weights};
use crate::word_tokenizer::WordTokenizer;
use crate::{
    EmbedderDescription, Embedding, EmbeddingMethod, PriorError, Prompts, SentencePooling, Term, TextEmbedder,
};

/// How [`TextEncoder`] makes a vector of a word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EncoderConfig {
    /// What a word is set into.
    pub prompts: Prompts,
    /// How the tokens' states become one vector; `None` for what suits the model: the mean for BERT-like encoders, the
    /// projection for CLIP.
    pub pooling: Option<SentencePooling>,
    /// B, the most prompts that go through the encoder at once.
    pub batch: usize,
}

impl Default for EncoderConfig {
    fn default() -> Self {
        Self { prompts: Prompts::default(), pooling: None, batch: 128 }
    }
}

/// A text encoder on the CPU: a word's vector is that of a prompt with the word in it.
///
/// Reads BERT, RoBERTa and XLM-RoBERTa, and the text half of CLIP; `config.json` says which, by `model_type`. Weights
/// of any float type are computed with in f32. Vectors are as the model makes them: not normalized.
///
/// Prompts of equally many tokens go through together, so that none is padded; candle spreads the work over the
/// machine's cores. The same call gives the same bits on the same machine; another batch size may change the last bits
/// of a number, because the matrix product sums in another order: by less than 1e-5 of the greatest number.
pub struct TextEncoder {
    tokenizer: WordTokenizer,
    network: Network,
    config: EncoderConfig,
    pooling: SentencePooling,
    description: EmbedderDescription,
    /// The model's folder, for errors.
    folder: String,
}

impl TextEncoder {
    /// Reads a folder in Hugging Face's layout: `config.json`, `tokenizer.json`, and `model.safetensors` or else
    /// `model.safetensors.index.json` with its shards.
    ///
    /// `name` is what the provenance calls the model. The weights are copied: the files may change afterwards.
    ///
    /// # Errors
    /// [`PriorError::Io`] for a file that is not there; [`PriorError::Json`], [`PriorError::Tokenizer`],
    /// [`PriorError::Container`] or [`PriorError::Model`] for one that cannot be read or does not hold the model that
    /// the config states; [`PriorError::Invalid`] for a model or pooling that is not supported, a prompt without its
    /// `{w}`, and weights that are not f32, f16 or bf16, or not finite.
    pub fn open(folder: &Path, name: &str, config: EncoderConfig) -> Result<Self, PriorError> {
        config.prompts.check()?;
        if config.batch == 0 {
            return Err(PriorError::invalid("text encoder", "batch", "1 prompt or more", 0));
        }
        let config_file = TextFile::read(folder.join("config.json"))?;
        let network_config = NetworkConfig::new(&config_file)?;
        let supported = network_config.poolings();
        let pooling = config.pooling.unwrap_or(supported[0]);
        if !supported.contains(&pooling) {
            let expected = supported.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
            let op = format!("text encoder {}", folder.display());
            return Err(PriorError::invalid(&op, "pooling", expected, pooling));
        }
        let tokenizer_file = TextFile::read(folder.join("tokenizer.json"))?;
        let tokenizer = WordTokenizer::new(&tokenizer_file)?;

        let weights = Weights::open(folder)?;
        let prefix = weights.find(network_config.first_tensors())?.strip_suffix(network_config.first_tensors()[0]);
        let prefix = prefix.unwrap_or_default();
        let loaded = weights.tensors(weights.names().filter(|name| network_config.reads(prefix, name)))?;
        let sources = [vec![config_file.source(name), tokenizer_file.source(name)], weights.sources(&loaded, name)];
        let tensors: Result<_, PriorError> = loaded.tensors.iter().map(|stored| tensor(prefix, stored)).collect();
        let folder = folder.display().to_string();
        let network = Network::new(&network_config, tensors?).map_err(|source| PriorError::Model {
            file: folder.clone(),
            expected: "the weights that config.json states",
            source: source.into(),
        })?;
        let Prompts { adjective, noun } = &config.prompts;
        let description = EmbedderDescription {
            width: network.width,
            summary: format!("{name}: prompts {adjective:?} and {noun:?} through the text encoder, {pooling}"),
            embedding: Some(Embedding {
                model: name.to_owned(),
                method: EmbeddingMethod::Encoder { prompts: config.prompts.clone(), pooling },
                refinement: Default::default(),
            }),
            sources: sources.concat(),
        };
        Ok(Self { tokenizer, network, config, pooling, description, folder })
    }

    /// The tokens of a term's prompt, as many and as high as the encoder takes.
    fn tokens(&self, term: Term<'_>) -> Result<Vec<u32>, PriorError> {
        let prompt = self.config.prompts.fill(term);
        let tokens = self.tokenizer.prompt(&prompt)?;
        let fail = |expected, got| Err(PriorError::invalid("embed", format!("{prompt:?}"), expected, got));
        let Network { vocabulary, longest, .. } = self.network;
        if tokens.is_empty() || tokens.len() > longest {
            return fail(format!("1 to {longest} tokens"), tokens.len());
        }
        match tokens.iter().find(|token| **token as usize >= vocabulary) {
            Some(token) => fail(format!("tokens in 0..{vocabulary}"), *token as usize),
            None => Ok(tokens),
        }
    }

    /// The vectors of prompts of equally many tokens, `[B, W]`, row by row.
    fn encode(&self, prompts: &[&[u32]]) -> Result<Vec<f32>, PriorError> {
        let failed = |source: candle_core::Error| PriorError::Model {
            file: self.folder.clone(),
            expected: "an encoder that reads a prompt",
            source: source.into(),
        };
        let vectors = self.network.encode(prompts, self.pooling).map_err(failed)?;
        match vectors.iter().find(|value| !value.is_finite()) {
            Some(value) => Err(PriorError::invalid("embed", self.folder.as_str(), "finite numbers", value)),
            None => Ok(vectors),
        }
    }
}

impl TextEmbedder for TextEncoder {
    fn description(&self) -> EmbedderDescription {
        self.description.clone()
    }

    fn embed(&self, terms: &[Term<'_>]) -> Result<Vec<f32>, PriorError> {
        let tokens: Vec<Vec<u32>> = terms.iter().map(|term| self.tokens(*term)).collect::<Result<_, _>>()?;
        let mut by_length: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (at, tokens) in tokens.iter().enumerate() {
            by_length.entry(tokens.len()).or_default().push(at);
        }
        let width = self.description.width;
        let mut vectors = vec![0.0; terms.len() * width];
        // One after the other: candle spreads each over all cores by a pool with spinning barriers, where several at a
        // time wait for each other and take longer.
        for batch in by_length.values().flat_map(|same| same.chunks(self.config.batch)) {
            let prompts: Vec<&[u32]> = batch.iter().map(|at| tokens[*at].as_slice()).collect();
            let encoded = self.encode(&prompts)?;
            for (at, vector) in batch.iter().zip(encoded.chunks_exact(width)) {
                vectors[at * width..][..width].copy_from_slice(vector);
            }
        }
        Ok(vectors)
    }
}

/// A stored tensor in f32, under its name without the prefix.
fn tensor(prefix: &str, stored: &StoredTensor) -> Result<(String, Tensor), PriorError> {
    let values = stored.values(0..stored.shape.iter().product())?;
    let tensor = Tensor::from_vec(values, stored.shape.as_slice(), &Device::Cpu);
    let name = stored.name.strip_prefix(prefix).unwrap_or(&stored.name).to_owned();
    tensor.map(|tensor| (name, tensor)).map_err(|error| stored.fail("a tensor", error))
}
