//! The layers of a text encoder.

use std::collections::HashMap;

use candle_core::{DType, Device, IndexOp, Result, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::BertModel;
use candle_transformers::models::clip::text_model::ClipTextTransformer;
use candle_transformers::models::xlm_roberta::XLMRobertaModel;
use codebook_prior::SentencePooling;

use super::clip_config::EndToken;
use super::config::NetworkConfig;

/// The layers of a text encoder, and the limits of its input.
pub(super) struct Network {
    layers: Layers,
    /// V, the size of the vocabulary.
    pub(super) vocabulary: usize,
    /// The maximum number of tokens of a prompt.
    pub(super) max_tokens: usize,
    /// W, the numbers per vector.
    pub(super) embedding_dim: usize,
}

enum Layers {
    Bert(BertModel),
    Roberta(XLMRobertaModel),
    Clip {
        text: ClipTextTransformer,
        /// `[W, hidden]`.
        projection: Tensor,
        end: EndToken,
    },
}

impl Network {
    /// Takes f32 weights under their names in the bare model.
    pub(super) fn new(config: &NetworkConfig, tensors: HashMap<String, Tensor>) -> Result<Self> {
        let projection = tensors.get("text_projection.weight").cloned();
        let path = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
        Ok(match config {
            NetworkConfig::Bert(config) => Self {
                layers: Layers::Bert(BertModel::load(path, config)?),
                vocabulary: config.vocab_size,
                max_tokens: config.max_position_embeddings,
                embedding_dim: config.hidden_size,
            },
            NetworkConfig::Roberta(config) => Self {
                layers: Layers::Roberta(XLMRobertaModel::new(config, path)?),
                vocabulary: config.vocab_size,
                max_tokens: config.max_position_embeddings - config.pad_token_id as usize - 1,
                embedding_dim: config.hidden_size,
            },
            NetworkConfig::Clip(config) => {
                let text = ClipTextTransformer::new(path.pp("text_model"), &config.text)?;
                let missing = || candle_core::Error::msg("no tensor \"text_projection.weight\"");
                let projection = projection.ok_or_else(missing)?;
                let (embedding_dim, hidden) = projection.dims2()?;
                if hidden != config.text.embed_dim || embedding_dim == 0 {
                    let shape = projection.dims();
                    let hidden = config.text.embed_dim;
                    candle_core::bail!("tensor \"text_projection.weight\" of shape {shape:?}, not [W, {hidden}]");
                }
                Self {
                    layers: Layers::Clip { text, projection, end: config.end },
                    vocabulary: config.text.vocab_size,
                    max_tokens: config.text.max_position_embeddings,
                    embedding_dim,
                }
            }
        })
    }

    /// The vectors of B prompts of L tokens each: `[B, W]`, row-major.
    pub(super) fn encode(&self, prompts: &[&[u32]], pooling: SentencePooling) -> Result<Vec<f32>> {
        let length = prompts.first().map_or(0, |prompt| prompt.len());
        let ids = Tensor::from_vec(prompts.concat(), (prompts.len(), length), &Device::Cpu)?;
        let states = match &self.layers {
            Layers::Bert(model) => model.forward(&ids, &ids.zeros_like()?, None)?,
            Layers::Roberta(model) => {
                let mask = Tensor::ones(ids.shape(), DType::F32, &Device::Cpu)?;
                model.forward(&ids, &mask, &ids.zeros_like()?, None, None, None)?
            }
            Layers::Clip { text, .. } => text.forward_with_mask(&ids, usize::MAX)?,
        }; // [B, L, hidden]
        let vectors = match (&self.layers, pooling) {
            (Layers::Clip { projection, end, .. }, _) => {
                let ends = prompts.iter().map(|prompt| end.find(prompt)).enumerate();
                let states: Vec<Tensor> = ends.map(|(at, end)| states.i((at, end?))).collect::<Result<_>>()?;
                Tensor::stack(&states, 0)?.matmul(&projection.t()?)? // [B, W]
            }
            (_, SentencePooling::Cls) => states.i((.., 0))?, // [B, W]
            (_, _) => states.mean(1)?,                       // [B, W]
        };
        vectors.flatten_all()?.to_vec1()
    }
}

impl EndToken {
    /// The position of the token in a prompt.
    fn find(self, prompt: &[u32]) -> Result<usize> {
        let wanted = match self {
            Self::Highest => prompt.iter().max().copied(),
            Self::Token(token) => Some(token),
        };
        let missing = || candle_core::Error::msg(format!("a prompt without its end token, {wanted:?}"));
        prompt.iter().position(|token| Some(*token) == wanted).ok_or_else(missing)
    }
}
