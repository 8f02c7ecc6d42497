//! Image generators over grids of token ids, with conditions.
//!
//! An image tokenizer turns an image into a grid of ids, several for a position if its codes come in groups (slots).
//! A [`Generator`] learns the distribution of such grids and samples new ones. It sees ids only, no images.
//!
//! | item | what it is |
//! |---|---|
//! | [`Generator`] | a generator of either order, by its [`GeneratorConfig`] |
//! | [`Autoregressive`], [`Sampler`] | predicts id by id, with a key-value cache |
//! | [`Masked`] | predicts all masked ids in a few rounds (MaskGIT) |
//! | [`Conditioning`], [`Condition`] | classes, text or other tokens that images are conditioned on |
//! | [`SampleRequest`], [`GenerationConfig`] | what to sample, and how: seeds, temperature, guidance, known ids |
//! | [`GeneratorLoss`] | cross-entropy of ids |
//!
//! ```
//! use tch::{Device, Tensor, nn};
//! use vq_core::{Layout, Mode, Slot};
//! use vq_generate::{
//!     Condition, Conditioning, GenerationConfig, Generator, GeneratorBatch, GeneratorConfig, Grid, SampleRequest,
//!     TokenGrid, TransformerConfig,
//! };
//!
//! # fn main() -> Result<(), vq_generate::GenerateError> {
//! let layout = Layout { channels: 8, codes: 16, slots: vec![Slot { group: "code".into(), codes: 0..16 }] };
//! let tokens = TokenGrid { grid: Grid { rows: 4, columns: 4 }, layout };
//! let transformer = TransformerConfig { width: 16, heads: 2, layers: 1, ..Default::default() };
//! let config = GeneratorConfig { transformer, ..Default::default() };
//! let store = nn::VarStore::new(Device::Cpu);
//! let generator = Generator::new(&store.root(), &tokens, None, &Conditioning::Class { classes: 3 }, &config)?;
//!
//! let condition = Condition::Class(Tensor::from_slice(&[2_i64, 0]));
//! let request = SampleRequest { seeds: &[1, 2], condition: &condition, known: None };
//! let images = generator.sample(&request, &GenerationConfig::default())?;
//! assert_eq!(images.ids.size(), [2, 4, 4, 1]);
//! let loss = generator.loss(&GeneratorBatch { ids: images.ids, condition }, Mode::Train)?;
//! loss.loss.backward();
//! # Ok(())
//! # }
//! ```
//!
//! # Letters used in shapes
//!
//! | letter | meaning |
//! |---|---|
//! | `B` | images in a batch |
//! | `H`, `W` | rows and columns of the token grid |
//! | `P` | positions, `H * W` |
//! | `S` | slots: ids of a position |
//! | `V` | codes of a slot, or tokens of a language model's vocabulary |
//! | `N` | states of a condition, which precede those of the image |
//! | `L` | states of a sequence, `N + P` |
//! | `M` | width of the transformer |
//! | `A` | heads of an attention |
//! | `T` | tokens of a text |
//! | `E` | width of a language model's embeddings |
//! | `D` | width of a code in the tokenizer |
//! | `R` | rows of a computation: `B`, or `2 B` if each image is also computed without its condition |

mod autoregressive;
mod backbone;
mod condition;
mod config;
mod depth;
mod error;
mod generator;
mod grid;
mod guidance;
mod id_embeddings;
mod init;
mod known;
mod loss;
mod masked;
mod prefix;
mod request;
mod rounds;
mod sampler;
mod slot_embeddings;
mod slot_heads;

pub use autoregressive::Autoregressive;
pub use condition::{Condition, Conditioning};
pub use config::{GeneratorConfig, IdSource, Order, Positions, TransformerConfig};
pub use error::GenerateError;
pub use generator::{Generator, GeneratorBatch};
pub use grid::{Grid, TokenGrid};
pub use known::Known;
pub use loss::GeneratorLoss;
pub use masked::Masked;
pub use request::{GenerationConfig, Progress, RoundsConfig, SampleRequest, Sampled};
pub use sampler::Sampler;
pub use vq_nn::{InputError, SampleConfig};
