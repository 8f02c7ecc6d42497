//! Vector quantizers with one contract: latents in; codes, ids and loss out; and ids that decode back.
//!
//! ```
//! use tch::{Device, Kind, Tensor, nn};
//! use vq_core::{LearnedCodebook, Mode, NearestConfig, NearestQuantizer, Quantizer};
//!
//! # fn main() -> Result<(), vq_core::CoreError> {
//! let store = nn::VarStore::new(Device::Cpu);
//! let codebook = LearnedCodebook::new(&store.root(), 512, 64)?;
//! let quantizer = NearestQuantizer::new(Box::new(codebook), NearestConfig::default())?;
//!
//! let latents = Tensor::randn([8, 64, 16, 16], (Kind::Float, Device::Cpu));
//! let quantized = quantizer.quantize(&latents, Mode::Train)?;
//! assert_eq!(quantized.indices.size(), [8, 16, 16, 1]);
//! assert_eq!(quantizer.lookup(&quantized.indices)?, quantized.codes);
//! # Ok(())
//! # }
//! ```
//!
//! # Letters used in shapes
//!
//! | letter | meaning |
//! |---|---|
//! | `B` | images in a batch |
//! | `C` | channels of the latents |
//! | `H`, `W` | rows and columns of the token grid |
//! | `N` | vectors to quantize, often `B * H * W` |
//! | `K` | codes in a codebook |
//! | `D` | width of a code |
//! | `S` | ids per position ("slots") |
//!
//! # Rules
//!
//! * A forward pass changes nothing: not the codebook, not a counter.
//! * `lookup(quantize(z).indices)` equals `quantize(z).codes`, bit for bit, for every quantizer.
//! * Ids are `Int64` and global to the codebook: the ids of two groups never overlap.
//! * The crate knows no linguistics: adjectives and nouns are two [`Group`]s to it.

mod bit_entropy;
mod bits;
mod bsq;
mod choice;
mod code_entropy;
mod codebook;
mod commitment;
mod cuda;
mod cvq;
mod device;
mod distance;
mod draw;
mod ema;
mod error;
mod finite;
mod fsq;
mod gradient;
mod grouped;
mod gumbel;
mod histogram;
mod ibq;
mod kmeans;
mod lfq;
mod matching;
mod nearest;
mod orthogonality;
mod product;
mod projected;
mod projection;
mod quantizer;
mod residual;
mod revival;
mod rows;
mod sampling;
mod scatter;
mod search;
mod shared;
mod simvq;
mod spans;
mod threads;
mod unit;
mod usage;
mod window;

pub use bit_entropy::{BitEntropy, BitEntropyConfig};
pub use bsq::{BsqConfig, BsqQuantizer};
pub use code_entropy::CodeEntropyConfig;
pub use codebook::{Assignment, Codebook, CodebookShape, FixedCodebook, LearnedCodebook, Mode, Updated};
pub use commitment::{BetaPlacement, CommitmentConfig};
pub use cvq::{Anchor, CvqCodebook, CvqConfig};
pub use device::DeviceChoice;
pub use distance::Distance;
pub use ema::{CodebookInit, EmaCodebook, EmaConfig};
pub use error::CoreError;
pub use fsq::{FsqBound, FsqConfig, FsqQuantizer};
pub use gradient::{GradientEstimator, rotation_trick, straight_through};
pub use grouped::{Group, GroupedQuantizer};
pub use gumbel::{GumbelConfig, GumbelQuantizer};
pub use histogram::Histogram;
pub use ibq::{IbqConfig, IbqQuantizer, Similarity};
pub use kmeans::{Clusters, kmeans};
pub use lfq::{LfqConfig, LfqQuantizer};
pub use matching::MatchConfig;
pub use nearest::{NearestConfig, NearestQuantizer};
pub use orthogonality::OrthogonalityConfig;
pub use product::{Part, ProductQuantizer};
pub use projected::ProjectedCodebook;
pub use quantizer::{Layout, Quantized, Quantizer, Seen, Slot};
pub use residual::{ResidualConfig, ResidualQuantizer, StageDropoutConfig};
pub use revival::{RevivalConfig, RevivalSource};
pub use sampling::SamplingConfig;
pub use scatter::{ClusterSums, scatter_sums};
pub use search::{Nearest, Search, nearest_codes};
pub use shared::SharedCodebook;
pub use simvq::{SimVqCodebook, SimVqConfig};
pub use usage::{Usage, UsageCounter};
pub use window::UsageWindow;
