//! Codebook and quantizer, from keys to objects.
//!
//! To add a quantizer of `vq-core`: add a variant with its keys to [`QuantizerConfig`], and its arm to
//! `build_into`, both in this file.

mod built;
mod prior;
mod stage_codebooks;
mod words;

use codebook_prior::PriorGraph;
use serde::{Deserialize, Serialize};
use tch::{Tensor, nn};
use transfer_net::{TransferConfig, TransferNet};
use vq_core::{
    BsqConfig, BsqQuantizer, Codebook, CvqCodebook, CvqConfig, EmaCodebook, EmaConfig, FsqBound, FsqConfig,
    FsqQuantizer, GroupedQuantizer, GumbelConfig, GumbelQuantizer, IbqConfig, IbqQuantizer, LearnedCodebook, LfqConfig,
    LfqQuantizer, MatchConfig, NearestConfig, NearestQuantizer, ProductPart, ProductQuantizer, ProjectedCodebook,
    Quantizer, ResidualConfig, ResidualQuantizer, SharedCodebook, SimVqCodebook, SimVqConfig,
};

use self::words::two_groups;
use crate::ConfigError;
use crate::error::check_value;

pub use built::BuiltQuantizer;
pub use prior::{PriorConfig, PriorSource};
pub use stage_codebooks::StageCodebooks;
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

impl QuantizerConfig {
    /// Registers the parameters under `path` and builds the quantizer.
    ///
    /// # Errors
    /// [`ConfigError::Value`] if codes are words and `prior` is none, or parts cannot be combined; those of the
    /// quantizer.
    pub fn build(&self, path: &nn::Path, prior: Option<&PriorGraph>) -> Result<BuiltQuantizer, ConfigError> {
        let mut codebooks = Vec::new();
        let quantizer = self.build_into(path, prior, &mut codebooks)?;
        Ok(BuiltQuantizer { quantizer, codebooks })
    }

    fn build_into(
        &self,
        path: &nn::Path,
        prior: Option<&PriorGraph>,
        codebooks: &mut Vec<SharedCodebook>,
    ) -> Result<Box<dyn Quantizer>, ConfigError> {
        let words =
            || prior.ok_or_else(|| ConfigError::value("quantizer.prior", "words for a quantizer of words", "none"));
        let root = path / "codebook";
        let mut shared = |codebook: Box<dyn Codebook>| {
            let codebook = SharedCodebook::new(codebook);
            codebooks.push(codebook.clone());
            Box::new(codebook)
        };
        Ok(match self {
            Self::Vqct { transfer, codebook_dim, top_k, matching, word_groups, .. } => {
                let prior = words()?;
                let network = TransferNet::new(&(path / "transfer"), prior, *codebook_dim, transfer)?;
                let (groups, codebook) = word_groups.of(prior, *top_k, Box::new(network));
                Box::new(GroupedQuantizer::new(shared(codebook), groups, matching.clone())?)
            }
            Self::Grouped { codebook_sizes, codebook_dim, top_k, matching } => {
                let learned = LearnedCodebook::new(&root, codebook_sizes.iter().sum(), *codebook_dim)?;
                let groups = two_groups(*codebook_sizes, *top_k);
                Box::new(GroupedQuantizer::new(shared(Box::new(learned)), groups, matching.clone())?)
            }
            Self::Vq { codebook_size, codebook_dim, matching } => {
                let learned = LearnedCodebook::new(&root, *codebook_size, *codebook_dim)?;
                nearest(shared(Box::new(learned)), matching)?
            }
            Self::Cvq { codebook_size, codebook_dim, cvq, matching } => {
                let moving = CvqCodebook::new(&root, *codebook_size, *codebook_dim, cvq.clone())?;
                nearest(shared(Box::new(moving)), matching)?
            }
            Self::Ema { codebook_size, codebook_dim, ema, matching } => {
                let averaged = EmaCodebook::new(&root, *codebook_size, *codebook_dim, ema.clone())?;
                nearest(shared(Box::new(averaged)), matching)?
            }
            Self::VqganLc { codebook_dim, matching, .. } => {
                let prior = words()?;
                let shape = [prior.len() as i64, prior.embedding_dim() as i64];
                let frozen = Tensor::from_slice(&prior.vectors_f32()).view(shape).to_device(path.device());
                let projected = ProjectedCodebook::new(&root, &frozen, *codebook_dim)?;
                nearest(shared(Box::new(projected)), matching)?
            }
            Self::Simvq { codebook_size, codebook_dim, simvq, matching } => {
                let layered = SimVqCodebook::new(&root, *codebook_size, *codebook_dim, simvq.clone())?;
                nearest(shared(Box::new(layered)), matching)?
            }
            Self::Ibq { codebook_size, codebook_dim, ibq } => {
                let learned = LearnedCodebook::normal(&root, *codebook_size, *codebook_dim)?;
                Box::new(IbqQuantizer::new(shared(Box::new(learned)), ibq.clone())?)
            }
            Self::Gumbel { codebook_size, codebook_dim, gumbel } => {
                let learned = LearnedCodebook::normal(&root, *codebook_size, *codebook_dim)?;
                Box::new(GumbelQuantizer::new(&(path / "gumbel"), shared(Box::new(learned)), gumbel.clone())?)
            }
            Self::Fsq { levels, bound } => {
                Box::new(FsqQuantizer::new(FsqConfig { levels: levels.clone(), bound: *bound })?)
            }
            Self::Lfq { lfq } => Box::new(LfqQuantizer::new(lfq.clone())?),
            Self::Bsq { bsq } => Box::new(BsqQuantizer::new(bsq.clone())?),
            Self::Residual { stages, codebook_size, codebook_dim, codebooks: kind, residual, matching } => {
                check_value("quantizer.stages", *stages >= 1, "at least 1", stages)?;
                let mut stage = |path: &nn::Path| {
                    Ok::<_, ConfigError>(shared(Box::new(LearnedCodebook::new(path, *codebook_size, *codebook_dim)?)))
                };
                let one = match kind {
                    StageCodebooks::Shared => Some(stage(&root)?),
                    StageCodebooks::Separate => None,
                };
                let mut all = Vec::new();
                for number in 0..*stages {
                    let codebook = match &one {
                        Some(one) => one.clone(),
                        None => stage(&(&root / number))?,
                    };
                    all.push(nearest(codebook, matching)?);
                }
                Box::new(ResidualQuantizer::new(all, residual.clone())?)
            }
            Self::Product { parts } => {
                let mut all = Vec::new();
                for ProductPartConfig { name, quantizer } in parts {
                    let words = matches!(quantizer, Self::Vqct { .. } | Self::VqganLc { .. });
                    check_value("quantizer.parts", !words, "parts whose codes are not words", name)?;
                    let fits = !name.is_empty() && !name.contains('.');
                    check_value("quantizer.parts", fits, "names without `.`", format!("`{name}`"))?;
                    let quantizer = quantizer.build_into(&(path / name.as_str()), None, codebooks)?;
                    all.push(ProductPart { name: name.clone(), quantizer });
                }
                Box::new(ProductQuantizer::new(all)?)
            }
        })
    }
}

fn nearest(codebook: Box<SharedCodebook>, matching: &MatchConfig) -> Result<Box<dyn Quantizer>, ConfigError> {
    let config = NearestConfig { matching: matching.clone(), ..Default::default() };
    Ok(Box::new(NearestQuantizer::new(codebook, config)?))
}
