//! Codebook and quantizer, from keys to objects.
//!
//! To add a quantizer of `vq-core`: a variant of [`QuantizerConfig`] with its keys, and its arm in
//! [`QuantizerConfig::build`].

mod build;
mod prior;
mod words;

use codebook_prior::PriorGraph;
use serde::{Deserialize, Serialize};
use transfer_net::TransferConfig;
use vq_core::{
    BsqConfig, CvqConfig, EmaConfig, FsqBound, GumbelConfig, IbqConfig, LfqConfig, MatchConfig, ResidualConfig,
    SimVqConfig,
};

use crate::ConfigError;

pub use build::BuiltQuantizer;
pub use prior::{PriorConfig, PriorSource};
pub use words::WordGroups;

/// Which codebook, and how latents are matched with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum QuantizerConfig {
    /// VQCT: codes transferred from words; adjectives and nouns are groups.
    Vqct {
        /// The words.
        prior: PriorConfig,
        /// The network from words to codes.
        #[serde(default)]
        transfer: TransferConfig,
        /// Width of a code.
        codebook_dim: i64,
        /// Nearest adjectives that are averaged at a position, if adjectives are a group; the paper has 2.
        #[serde(default = "two")]
        top_k: i64,
        /// How latents are matched with codes.
        #[serde(default)]
        matching: MatchConfig,
        /// Which words are codes, and of which groups.
        #[serde(default, skip_serializing_if = "WordGroups::is_default")]
        word_groups: WordGroups,
    },
    /// Baseline: VQCT's groups, with codes that are learned one by one.
    Grouped {
        /// Codes of the first group and of the second.
        codebook_sizes: [i64; 2],
        /// Width of a code.
        codebook_dim: i64,
        /// Nearest codes of the first group that are averaged at a position.
        #[serde(default = "two")]
        top_k: i64,
        /// How latents are matched with codes.
        #[serde(default)]
        matching: MatchConfig,
    },
    /// Baseline: VQ, one group of learned codes.
    Vq {
        /// Number of codes.
        codebook_size: i64,
        /// Width of a code.
        codebook_dim: i64,
        /// How latents are matched with codes.
        #[serde(default)]
        matching: MatchConfig,
    },
    /// Baseline: CVQ-VAE, learned codes, of which rarely used ones move to latents.
    Cvq {
        /// Number of codes.
        codebook_size: i64,
        /// Width of a code.
        codebook_dim: i64,
        /// How codes move.
        #[serde(default)]
        cvq: CvqConfig,
        /// How latents are matched with codes.
        #[serde(default)]
        matching: MatchConfig,
    },
    /// Baseline: codes that are moving averages of their latents (VQ-VAE's appendix).
    Ema {
        /// Number of codes.
        codebook_size: i64,
        /// Width of a code.
        codebook_dim: i64,
        /// How codes move.
        #[serde(default)]
        ema: EmaConfig,
        /// How latents are matched with codes.
        #[serde(default)]
        matching: MatchConfig,
    },
    /// Baseline: VQGAN-LC, one linear layer over frozen embeddings of words, in one group.
    VqganLc {
        /// The words.
        prior: PriorConfig,
        /// Width of a code.
        codebook_dim: i64,
        /// How latents are matched with codes.
        #[serde(default)]
        matching: MatchConfig,
    },
    /// Baseline: SimVQ, one linear layer over frozen random codes.
    Simvq {
        /// Number of codes.
        codebook_size: i64,
        /// Width of a code.
        codebook_dim: i64,
        /// The layer.
        #[serde(default)]
        simvq: SimVqConfig,
        /// How latents are matched with codes.
        #[serde(default)]
        matching: MatchConfig,
    },
    /// Baseline: index backpropagation, whose gradient reaches all codes.
    Ibq {
        /// Number of codes.
        codebook_size: i64,
        /// Width of a code.
        codebook_dim: i64,
        /// Scores and losses.
        #[serde(default)]
        ibq: IbqConfig,
    },
    /// Baseline: Gumbel-softmax, a code drawn from logits that a linear layer makes of the latent.
    Gumbel {
        /// Number of codes.
        codebook_size: i64,
        /// Width of a code, and channels of the latents.
        codebook_dim: i64,
        /// Temperature and loss.
        #[serde(default)]
        gumbel: GumbelConfig,
    },
    /// Baseline: finite scalar quantization, without codebook.
    Fsq {
        /// Levels of each channel.
        levels: Vec<i64>,
        /// How a latent is mapped into the range of its levels.
        #[serde(default)]
        bound: FsqBound,
    },
    /// Baseline: lookup-free quantization, the sign of each channel.
    Lfq {
        /// Bits and losses.
        #[serde(default)]
        lfq: LfqConfig,
    },
    /// Baseline: binary spherical quantization, the signs of a latent on the unit sphere.
    Bsq {
        /// Bits and losses.
        #[serde(default)]
        bsq: BsqConfig,
    },
    /// Baseline: residual quantization, each stage quantizes what the stages before it left over (RQ-VAE).
    Residual {
        /// Stages, and so ids per position.
        stages: i64,
        /// Codes of a stage.
        codebook_size: i64,
        /// Width of a code, and channels of the latents.
        codebook_dim: i64,
        /// Whether each stage has a codebook of its own.
        #[serde(default)]
        codebooks: StageCodebooks,
        /// Gradient and stage dropout.
        #[serde(default)]
        residual: ResidualConfig,
        /// How the latents of a stage are matched with its codes.
        #[serde(default)]
        matching: MatchConfig,
    },
    /// Baseline: product quantization, each part of the channels has a quantizer of its own.
    Product {
        /// The parts, in the order of their channels; their codes cannot be words.
        parts: Vec<ProductPartConfig>,
    },
}

/// Whether the stages of a residual quantizer share a codebook.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StageCodebooks {
    /// Each stage has its own (SoundStream).
    #[default]
    Separate,
    /// All stages have one (RQ-VAE).
    Shared,
}

/// A part of a product quantizer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductPartConfig {
    /// Its name, which prefixes the names of its groups.
    pub name: String,
    /// Its quantizer.
    pub quantizer: QuantizerConfig,
}

fn two() -> i64 {
    2
}

impl QuantizerConfig {
    /// Reads the words, if codes are words.
    ///
    /// # Errors
    /// Those of [`PriorConfig::load`].
    pub fn load_prior(&self) -> Result<Option<PriorGraph>, ConfigError> {
        match self {
            Self::Vqct { prior, .. } | Self::VqganLc { prior, .. } => prior.load().map(Some),
            _ => Ok(None),
        }
    }

    /// Whether each code is a row of the parameter `codebook.weight`, so that it can be moved without the others.
    pub fn learns_single_codes(&self) -> bool {
        matches!(self, Self::Grouped { .. } | Self::Vq { .. } | Self::Cvq { .. } | Self::Ibq { .. })
    }

    /// Whether [`vq_core::Quantizer::update`] does anything.
    pub fn learns_by_updates(&self) -> bool {
        match self {
            Self::Cvq { .. } | Self::Ema { .. } => true,
            Self::Product { parts } => parts.iter().any(|part| part.quantizer.learns_by_updates()),
            _ => false,
        }
    }
}
