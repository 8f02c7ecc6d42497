//! Vector quantizers behind one trait: latents in; codes, ids and a loss out; and ids decode to the same codes.
//!
//! ```
//! use tch::{Device, Kind, Tensor, nn};
//! use vq_core::{LearnedCodebook, Mode, NearestConfig, NearestQuantizer, Quantizer};
//!
//! # fn main() -> Result<(), vq_core::CoreError> {
//! let store = nn::VarStore::new(Device::Cpu);
//! let codebook = LearnedCodebook::new(&store.root(), 512, 64)?; // 512 codes of dimension 64
//! let quantizer = NearestQuantizer::new(Box::new(codebook), NearestConfig::default())?;
//!
//! let latents = Tensor::randn([8, 64, 16, 16], (Kind::Float, Device::Cpu)); // [B, C, H, W]
//! let quantized = quantizer.quantize(&latents, Mode::Train)?;
//! assert_eq!(quantized.codes.size(), [8, 64, 16, 16]);
//! assert_eq!(quantized.indices.size(), [8, 16, 16, 1]);
//! assert_eq!(quantizer.lookup(&quantized.indices)?, quantized.codes);
//! # Ok(())
//! # }
//! ```
//!
//! Add `quantized.loss` to the training loss, and call [`Quantizer::update`] after each optimizer step.
//! The folder `examples/` has complete programs: `quantize.rs`, and `custom_quantizer.rs`, which implements the trait.
//!
//! # Letters in shapes
//!
//! | letter | meaning |
//! |---|---|
//! | `B` | images in a batch |
//! | `C` | channels of the latents |
//! | `H`, `W` | rows and columns of the token grid |
//! | `N` | vectors to quantize, often `B * H * W` |
//! | `K` | codes in a codebook |
//! | `D` | dimension of a code |
//! | `S` | ids per position (slots) |
//!
//! # Contents
//!
//! | To | use |
//! |---|---|
//! | quantize and decode | [`Quantizer`], which returns [`Quantized`]; [`Layout`] describes channels and ids |
//! | choose a method | the [table of quantizers](#quantizers); a quantizer that searches takes any [`Codebook`] |
//! | configure distance, gradient, sampling and losses | [`MatchConfig`] |
//! | pass gradients through a quantizer | [`straight_through`], [`rotation_trick`] ([arXiv 2410.06424](https://arxiv.org/abs/2410.06424)) |
//! | learn without gradients | [`Quantizer::initialize`] (k-means) and [`Quantizer::update`] (moving averages, revival) |
//! | measure usage | [`UsageCounter`] over all ids, [`UsageWindow`] over the last batches, [`Histogram`] of counts |
//! | search, cluster or sum vectors | [`nearest_codes`], [`kmeans`], [`scatter_sums`] |
//! | select a device at run time | [`DeviceChoice`] |
//! | handle errors | [`CoreError`] |
//!
//! # Quantizers
//!
//! Every row is checked by the laws in `tests/it/laws.rs`, called in the tests named in the last column.
//! The codebook of a quantizer is a separate type, so that any codebook can be grouped, stacked or shared.
//!
//! | Quantizer | Paper | Equation | Options | Tests in `tests/it/` |
//! |---|---|---|---|---|
//! | [`NearestQuantizer`] with [`LearnedCodebook`] | VQ-VAE, [arXiv 1711.00937](https://arxiv.org/abs/1711.00937), sections 3.1 and 3.2; VQGAN | `q = e_k`, `k = argmin d(z, e)` | [`NearestConfig`]: `top_k`; [`MatchConfig`]: distance, gradient, sampling, beta, orthogonality; [`RevivalConfig`] | `nearest`, `matching`, `gradient`, `revival` |
//! | with [`EmaCodebook`] | VQ-VAE, appendix A.1 | `N = gN + (1-g)n`, `m = gm + (1-g)s`, `e = m/N` | [`EmaConfig`]: decay, smoothing, k-means, revival | `ema`, `kmeans`, `revival` |
//! | with [`CvqCodebook`] | CVQ-VAE, [arXiv 2307.15139](https://arxiv.org/abs/2307.15139), section 3.2 | `e = (1-a)e + a anchor`, `a` falls with usage | [`CvqConfig`]: decay, [`Anchor`] | `cvq` |
//! | with [`ProjectedCodebook`] | VQGAN-LC, [arXiv 2406.11837](https://arxiv.org/abs/2406.11837), section 3 | `e = P(frozen)` | dimension | `projected` |
//! | with [`SimVqCodebook`] | SimVQ, [arXiv 2411.02038](https://arxiv.org/abs/2411.02038) | `e = C W`, `C` frozen | [`SimVqConfig`]: bias | `projected` |
//! | with [`SharedCodebook`] | RQ-VAE, [arXiv 2203.01941](https://arxiv.org/abs/2203.01941), section 3.1 | one codebook for several quantizers | | `residual` |
//! | [`GroupedQuantizer`] | VQCT (CVPR 2024), section 3.2 | channels and codes in groups, the `top_k` nearest averaged | [`Group`], [`MatchConfig`] | `grouped` |
//! | [`ProductQuantizer`] | Jégou et al., IEEE TPAMI 33, 2011 | `q = (q_1, .., q_m)` | [`ProductPart`]: any quantizers | `product` |
//! | [`ResidualQuantizer`] | SoundStream, [arXiv 2107.03312](https://arxiv.org/abs/2107.03312), section III-C; RQ-VAE | `q = q_1(z) + q_2(z - q_1) + ..` | [`ResidualConfig`]: gradient, stage dropout; stages are any quantizers | `residual` |
//! | [`GumbelQuantizer`] | Gumbel-softmax, [arXiv 1611.01144](https://arxiv.org/abs/1611.01144), section 2.2; DALL-E, [arXiv 2102.12092](https://arxiv.org/abs/2102.12092) | `k = argmax(l + g)`, gradient of `softmax((l + g)/t)` | [`GumbelConfig`]: temperature, KL weight | `gumbel` |
//! | [`IbqQuantizer`] | IBQ, [arXiv 2412.02692](https://arxiv.org/abs/2412.02692), algorithm 1 | `k = argmax z.e`, gradient of `softmax(z.e)` to all codes | [`IbqConfig`]: similarity, temperature, beta, double loss, entropy | `ibq` |
//! | [`FsqQuantizer`] | FSQ, [arXiv 2309.15505](https://arxiv.org/abs/2309.15505), section 3.1 | `q = round(f(z))` in each channel | [`FsqConfig`]: levels, [`FsqBound`] | `fsq` |
//! | [`LfqQuantizer`] | MAGVIT-v2, [arXiv 2310.05737](https://arxiv.org/abs/2310.05737), section 3.1 | `q = sign(z)` | [`LfqConfig`]: bits, bits per id, scale, commitment, [`BitEntropyConfig`] | `lfq`, `bit_entropy` |
//! | [`BsqQuantizer`] | BSQ, [arXiv 2406.07548](https://arxiv.org/abs/2406.07548), section 4 | `q = sign(z / norm(z)) / sqrt(C)` | [`BsqConfig`]: bits, bits per id, commitment, [`BitEntropyConfig`] | `bsq`, `bit_entropy` |
//!
//! # Rules
//!
//! * A forward pass changes no state: neither codebook nor counters.
//! * `lookup(quantize(z).indices)` equals `quantize(z).codes` bit for bit, for every quantizer.
//! * Ids are `Int64` and global: the id ranges of two groups, parts or stages never overlap.
//! * The crate has no linguistics: adjectives and nouns are two [`Group`]s.
//!
//! # Speed
//!
//! Every quantizer that searches calls [`nearest_codes`]; `docs/kernels.md` of the repository describes how it works
//! and how fast it is.
//! Compile this crate optimized also in debug builds (`[profile.dev.package.vq-core] opt-level = 3`): its inner loops
//! are slow without optimization.

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

pub use codebooks::*;
pub use contract::{
    Assignment, Codebook, CodebookShape, Layout, LiveCodes, Mode, Quantized, QuantizedBatch, Quantizer, Slot,
    UpdateStats,
};
pub use device::DeviceChoice;
pub use distance::Distance;
pub use error::CoreError;
pub use kernels::CudaError;
pub use losses::*;
pub use quantizers::*;
pub use search::{Neighbors, SamplingConfig, SearchConfig, nearest_codes};
pub use usage::{Histogram, Usage, UsageCounter, UsageWindow};

/// Runs the example of the README as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
