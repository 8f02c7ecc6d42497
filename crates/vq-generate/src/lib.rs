//! Images from tokens: generators over grids of ids, with conditions.
//!
//! An image tokenizer makes of an image a grid of ids, several for a position if its codes come in groups.
//! A [`Generator`] learns which grids are images, and makes new ones: [`Autoregressive`] id by id, [`Masked`] in a few
//! rounds. It sees ids only, nothing of images or words.
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
//! | `S` | ids of a position ("slots") |
//! | `V` | codes of a slot, or tokens of a language model's vocabulary |
//! | `N` | states of a condition, which stand before those of the image |
//! | `L` | states of a sequence, `N + P` |
//! | `M` | width of the transformer |
//! | `A` | heads of an attention |
//! | `T` | tokens of a text |
//! | `E` | width of a language model's embeddings |
//! | `R` | rows that are computed: `B`, or `2 B` if each image is also computed without its condition |

mod autoregressive;
mod block;
mod condition;
mod config;
mod depth;
mod error;
mod frame;
mod generator;
mod grid;
mod guidance;
mod id_vectors;
mod loss;
mod masked;
mod request;
mod rotary;
mod rounds;
mod sampler;
mod slots;
mod stack;

pub use autoregressive::Autoregressive;
pub use condition::{Condition, Conditioning};
pub use config::{GeneratorConfig, IdSource, Order, Positions, TransformerConfig};
pub use error::GenerateError;
pub use generator::{Generator, GeneratorBatch};
pub use grid::{Grid, TokenGrid};
pub use loss::GeneratorLoss;
pub use masked::Masked;
pub use request::{GenerationConfig, Known, Progress, RoundsConfig, SampleRequest, Sampled};
pub use sampler::Sampler;
pub use vq_transformer::{InputError, SampleConfig};
