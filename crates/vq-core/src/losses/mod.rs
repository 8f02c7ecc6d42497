//! Loss terms of quantizers.

mod bit_entropy;
mod code_entropy;
mod commitment;
mod orthogonality;

pub use self::bit_entropy::{BitEntropy, BitEntropyConfig};
pub use self::code_entropy::CodeEntropyConfig;
pub use self::commitment::{BetaPlacement, CommitmentConfig};
pub use self::orthogonality::OrthogonalityConfig;

pub(crate) use self::bit_entropy::check_scale;
pub(crate) use self::code_entropy::PartialEntropy;
