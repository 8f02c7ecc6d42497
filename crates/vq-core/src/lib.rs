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
//! # Quantizers
//!
//! Every row passes `tests/it/laws.rs` in the test that is named, besides what else that test holds.
//! A codebook is chosen apart from the quantizer that searches it, so that any may be grouped, stacked or shared.
//!
//! | Quantizer | Paper | Equation | Options | Held by `tests/it/` |
//! |---|---|---|---|---|
//! | [`NearestQuantizer`] with [`LearnedCodebook`] | VQ-VAE, arXiv 1711.00937, sections 3.1 and 3.2; VQGAN | `q = e_k`, `k = argmin d(z, e)` | [`MatchConfig`]: distance, gradient, sampling, beta, orthogonality; k nearest averaged; [`RevivalConfig`] | `nearest`, `matching`, `gradient`, `revival` |
//! | with [`EmaCodebook`] | VQ-VAE, appendix A.1 | `N = gN + (1-g)n`, `m = gm + (1-g)s`, `e = m/N` | decay, smoothing, k-means, revival | `ema`, `kmeans`, `revival` |
//! | with [`CvqCodebook`] | CVQ-VAE, arXiv 2307.15139, section 3.2 | `e = (1-a)e + a anchor`, `a` falls with use | decay, [`Anchor`] | `cvq` |
//! | with [`ProjectedCodebook`] | VQGAN-LC, arXiv 2406.11837, section 3 | `e = P(frozen)` | width | `projected` |
//! | with [`SimVqCodebook`] | SimVQ, arXiv 2411.02038 | `e = C W`, `C` frozen | bias | `projected` |
//! | with [`SharedCodebook`] | RQ-VAE, arXiv 2203.01941, section 3.1 | one codebook for several quantizers | | `residual` |
//! | [`GroupedQuantizer`] | VQCT (CVPR 2024), section 3.2 | channels and codes in groups, k nearest averaged | [`Group`], [`MatchConfig`] | `grouped` |
//! | [`ProductQuantizer`] | Jégou et al., IEEE TPAMI 33, 2011 | `q = (q_1, .., q_m)` | [`Part`]: any quantizers | `product` |
//! | [`ResidualQuantizer`] | SoundStream, arXiv 2107.03312, section III-C; RQ-VAE | `q = q_1(z) + q_2(z - q_1) + ..` | stages of any quantizers, dropout of stages | `residual` |
//! | [`GumbelQuantizer`] | arXiv 1611.01144, section 2.2; DALL-E, arXiv 2102.12092 | `k = argmax(l + g)`, gradient of `softmax((l + g)/t)` | temperature, KL weight | `gumbel` |
//! | [`IbqQuantizer`] | IBQ, arXiv 2412.02692, algorithm 1 | `k = argmax z.e`, gradient of `softmax(z.e)` to all codes | similarity, temperature, beta, double loss, entropy | `ibq` |
//! | [`FsqQuantizer`] | FSQ, arXiv 2309.15505, section 3.1 | `q = round(f(z))` in each channel | levels, [`FsqBound`] | `fsq` |
//! | [`LfqQuantizer`] | MAGVIT-v2, arXiv 2310.05737, section 3.1 | `q = sign(z)` | bits, bits per id, scale, commitment, [`BitEntropyConfig`] | `lfq`, `bit_entropy` |
//! | [`BsqQuantizer`] | BSQ, arXiv 2406.07548, section 4 | `q = sign(z / abs(z)) / sqrt(D)` | bits, bits per id, commitment, [`BitEntropyConfig`] | `bsq`, `bit_entropy` |
//!
//! Gradients past the choice are [`straight_through`] or [`rotation_trick`] (arXiv 2410.06424).
//! What no gradient teaches is learned by [`Quantizer::update`], and k-means places codes in [`Quantizer::initialize`].
//! Statistics: [`UsageCounter`] over all that it is shown, [`UsageWindow`] over the last batches, [`Histogram`] to draw.
//! [`nearest_codes`], the engine of all that search, is public as well; `docs/kernels.md` of the repository says how it
//! works and how fast it is.
//!
//! Compile this crate optimized also in debug builds (`[profile.dev.package.vq-core] opt-level = 3`): its kernels are
//! loops over registers.
//!
//! # Rules
//!
//! * A forward pass changes nothing: not the codebook, not a counter.
//! * `lookup(quantize(z).indices)` equals `quantize(z).codes`, bit for bit, for every quantizer.
//! * Ids are `Int64` and global to the codebook: the ids of two groups never overlap.
//! * The crate knows no linguistics: adjectives and nouns are two [`Group`]s to it.

mod check;
mod codebooks;
mod contract;
mod device;
mod distance;
mod error;
mod kernels;
mod losses;
mod mask;
mod quantizers;
mod search;
mod usage;

pub use codebooks::{
    Anchor, ClusterSums, Clusters, CodebookInit, CvqCodebook, CvqConfig, EmaCodebook, EmaConfig, FixedCodebook,
    LearnedCodebook, ProjectedCodebook, RevivalConfig, RevivalSource, SharedCodebook, SimVqCodebook, SimVqConfig,
    kmeans, scatter_sums,
};
pub use contract::{
    Assignment, Codebook, CodebookShape, Layout, LiveCodes, Mode, Quantized, QuantizedBatch, Quantizer, Slot,
    UpdateStats,
};
pub use device::DeviceChoice;
pub use distance::Distance;
pub use error::CoreError;
pub use kernels::CudaError;
pub use losses::{
    BetaPlacement, BitEntropy, BitEntropyConfig, CodeEntropyConfig, CommitmentConfig, OrthogonalityConfig,
};
pub use quantizers::{
    BsqConfig, BsqQuantizer, FsqBound, FsqConfig, FsqQuantizer, GradientEstimator, Group, GroupedQuantizer,
    GumbelConfig, GumbelQuantizer, IbqConfig, IbqQuantizer, LfqConfig, LfqQuantizer, MatchConfig, NearestConfig,
    NearestQuantizer, ProductPart, ProductQuantizer, ResidualConfig, ResidualQuantizer, Similarity, StageDropoutConfig,
    rotation_trick, straight_through,
};
pub use search::{Neighbors, SamplingConfig, SearchConfig, nearest_codes};
pub use usage::{Histogram, Usage, UsageCounter, UsageWindow};
