//! Quantizers: from latents to codes and ids, and back.

mod bit_ids;
mod bsq;
mod fsq;
mod gradient;
mod grouped;
mod gumbel;
mod ibq;
mod id_segments;
mod lfq;
mod matching;
mod nearest;
mod product;
mod residual;
mod rows;

pub use self::bsq::{BsqConfig, BsqQuantizer};
pub use self::fsq::{FsqBound, FsqConfig, FsqQuantizer};
pub use self::gradient::{GradientEstimator, rotation_trick, straight_through};
pub use self::grouped::{Group, GroupedQuantizer};
pub use self::gumbel::{GumbelConfig, GumbelQuantizer};
pub use self::ibq::{IbqConfig, IbqQuantizer, Similarity};
pub use self::lfq::{LfqConfig, LfqQuantizer};
pub use self::matching::MatchConfig;
pub use self::nearest::{NearestConfig, NearestQuantizer};
pub use self::product::{ProductPart, ProductQuantizer};
pub use self::residual::{ResidualConfig, ResidualQuantizer, StageDropoutConfig};
