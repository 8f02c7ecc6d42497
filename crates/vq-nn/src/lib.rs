//! Transformer parts on libtorch, shared by the caption decoder (`vlt-caption`) and the generators (`vq-generate`).
//!
//! | item | what it is |
//! |---|---|
//! | [`BlockStack`] | blocks and a final norm, for whole sequences or token by token |
//! | [`Block`], [`BlockConfig`] | one pre-norm block: self-attention, optional cross-attention, MLP |
//! | [`Attention`], [`AttentionMask`] | multi-head attention, with separate or fused projections |
//! | [`KeyValueCache`] | keys and values of the tokens read so far |
//! | [`Rotary2d`] | rotary position embedding by row and column |
//! | [`Linear`], [`LayerNorm`], [`Mlp`], [`Dropout`] | layers; each computes in the dtype of its input |
//! | [`FrozenEmbeddings`] | constant embeddings of a language model's tokens |
//! | [`SampleConfig`] | draws of tokens from scores: temperature, top-k, top-p |
//! | [`InputError`], [`check_option`], … | errors that name an option or tensor, and checks that return them |
//!
//! Decoding with a cache gives the states of the whole sequence, up to rounding:
//!
//! ```
//! use tch::{Device, Kind, Tensor, nn};
//! use vq_nn::{
//!     AttentionMask, BlockConfig, BlockInputs, BlockStack, CrossAttention, Dropout, Projections, ResidualInit,
//! };
//!
//! let config = BlockConfig {
//!     width: 8,
//!     heads: 2,
//!     hidden: 16,
//!     projections: Projections::Fused,
//!     cross_attention: CrossAttention::Without,
//!     residual_init: ResidualInit::DepthScaled { layers: 2 },
//! };
//! let store = nn::VarStore::new(Device::Cpu);
//! let stack = BlockStack::new(&store.root(), 2, &config, None);
//!
//! let tokens = Tensor::randn([3, 5, 8], (Kind::Double, Device::Cpu)); // [B, L, M]
//! let inputs = BlockInputs { memory: None, mask: AttentionMask::Causal, dropout: Dropout::off() };
//! let all = stack.forward(&tokens, &inputs); // [B, L, M]
//!
//! let mut cache = stack.start(3, 5, None);
//! for token in 0..5 {
//!     let state = stack.advance(&mut cache, &tokens.narrow(1, token, 1)); // [B, M]
//!     assert!(state.allclose(&all.select(1, token), 1e-9, 1e-9, false));
//! }
//! ```
//!
//! # Letters used in shapes
//!
//! | letter | meaning |
//! |---|---|
//! | `B` | rows of a batch |
//! | `L` | tokens of a sequence |
//! | `P` | tokens of the sequence that a cross-attention reads, the memory |
//! | `M` | width of the module |
//! | `A` | heads of an attention |
//! | `F` | features of a head, `M / A` |
//! | `V` | tokens of a vocabulary |
//! | `E` | width of the language model's embeddings |

mod attention;
mod block;
mod cache;
mod dropout;
mod error;
mod frozen_embeddings;
mod host;
mod layer_norm;
mod linear;
mod mlp;
mod rotary;
mod sampling;
mod stack;

pub use attention::{Attention, AttentionMask, KeyValues, Projections};
pub use block::{Block, BlockConfig, BlockInputs, CrossAttention, ResidualInit};
pub use cache::KeyValueCache;
pub use dropout::Dropout;
pub use error::{InputError, check_kind, check_option, check_range};
pub use frozen_embeddings::FrozenEmbeddings;
pub use host::{f64_values, i64_values};
pub use layer_norm::LayerNorm;
pub use linear::Linear;
pub use mlp::Mlp;
pub use rotary::{GridPosition, Rotary2d};
pub use sampling::{SampleConfig, SampledToken};
pub use stack::BlockStack;
