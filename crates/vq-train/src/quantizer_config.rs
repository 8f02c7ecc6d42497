//! Codebook and quantizer, from configuration to object.

use std::path::PathBuf;

use codebook_prior::{PriorGraph, Refinement};
use serde::{Deserialize, Serialize};
use tch::{Tensor, nn};
use transfer_net::{TransferConfig, TransferNet};
use vq_core::{
    Codebook, CodebookShape, CvqCodebook, CvqConfig, EmaCodebook, EmaConfig, FsqBound, FsqConfig, FsqQuantizer, Group,
    GroupedQuantizer, IbqConfig, IbqQuantizer, LearnedCodebook, LfqConfig, LfqQuantizer, MatchConfig, Mode,
    NearestConfig, NearestQuantizer, ProjectedCodebook, Quantizer, SimVqCodebook, SimVqConfig,
};

use crate::TrainError;

/// Which codebook, and how latents meet it.
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
        width: i64,
        /// Adjectives averaged per position, where they are a group; the paper has 2.
        #[serde(default = "two")]
        adjectives: i64,
        /// How latents meet codes.
        #[serde(default)]
        matching: MatchConfig,
        /// Which words are codes, and of which groups.
        #[serde(default, skip_serializing_if = "CodeWordsConfig::is_default")]
        codes: CodeWordsConfig,
    },
    /// Baseline: the same groups, but each code learned on its own.
    Grouped {
        /// Codes in the first group.
        adjectives: i64,
        /// Codes in the second group.
        nouns: i64,
        /// Width of a code.
        width: i64,
        /// Codes of the first group averaged per position.
        #[serde(default = "two")]
        nearest: i64,
        /// How latents meet codes.
        #[serde(default)]
        matching: MatchConfig,
    },
    /// Baseline: plain VQ, one group of learned codes.
    Nearest {
        /// Number of codes.
        codes: i64,
        /// Width of a code.
        width: i64,
        /// How latents meet codes.
        #[serde(default)]
        matching: MatchConfig,
    },
    /// Baseline: CVQ-VAE, one group of learned codes, of which those that are hardly used move to latents.
    Cvq {
        /// Number of codes.
        codes: i64,
        /// Width of a code.
        width: i64,
        /// How codes move.
        #[serde(default)]
        moves: CvqConfig,
        /// How latents meet codes.
        #[serde(default)]
        matching: MatchConfig,
    },
    /// Baseline: codes that are moving averages of the latents that they replaced (VQ-VAE's appendix).
    Ema {
        /// Number of codes.
        codes: i64,
        /// Width of a code.
        width: i64,
        /// How codes move.
        #[serde(default)]
        averages: EmaConfig,
        /// How latents meet codes.
        #[serde(default)]
        matching: MatchConfig,
    },
    /// Baseline: VQGAN-LC, one linear layer over frozen embeddings of words, in one group.
    VqganLc {
        /// The words.
        prior: PriorConfig,
        /// Width of a code.
        width: i64,
        /// How latents meet codes.
        #[serde(default)]
        matching: MatchConfig,
    },
    /// Baseline: SimVQ, one linear layer over frozen random codes.
    Simvq {
        /// Number of codes.
        codes: i64,
        /// Width of a code.
        width: i64,
        /// The layer.
        #[serde(default)]
        layer: SimVqConfig,
        /// How latents meet codes.
        #[serde(default)]
        matching: MatchConfig,
    },
    /// Baseline: index backpropagation, whose gradient reaches all codes.
    Ibq {
        /// Number of codes.
        codes: i64,
        /// Width of a code.
        width: i64,
        /// Scores and losses.
        #[serde(default)]
        options: IbqConfig,
    },
    /// Baseline: finite scalar quantization, without codebook.
    Fsq {
        /// Levels of each channel.
        levels: Vec<i64>,
        /// How a latent is squeezed into the range of its levels.
        #[serde(default)]
        bound: FsqBound,
    },
    /// Baseline: lookup-free quantization, the sign of each channel.
    Lfq {
        /// Bits and losses.
        #[serde(default)]
        options: LfqConfig,
    },
}

/// Which words of a prior are codes, and of which groups.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CodeWordsConfig {
    /// Adjectives and nouns, a group each.
    #[default]
    All,
    /// The adjectives alone, which the nouns only move.
    Adjectives,
    /// All in one group: one word for a position, whatever its part of speech.
    Undivided,
}

impl CodeWordsConfig {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

fn is_unrefined(refinement: &Refinement) -> bool {
    *refinement == Refinement::Unrefined
}

fn two() -> i64 {
    2
}

/// Which words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriorConfig {
    /// The file, or the embedded one.
    pub source: PriorSource,
    /// Keep only the first so many adjectives.
    pub adjectives: Option<usize>,
    /// Keep only the first so many nouns.
    pub nouns: Option<usize>,
    /// The width of the embeddings, if it must be a certain one.
    pub width: Option<usize>,
    /// What is done to the embeddings of the words that are kept, if they are as the model made them.
    #[serde(default, skip_serializing_if = "is_unrefined")]
    pub refinement: Refinement,
}

/// Where a prior lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum PriorSource {
    /// The one that `codebook-prior` carries.
    Embedded,
    /// A `prior.safetensors`.
    File(PathBuf),
}

/// What is done to a codebook once its parameters are registered, before the quantizer takes it: nothing in training;
/// inference restores the parameters and freezes the codes.
pub(crate) type Prepare<'a> = dyn FnMut(Box<dyn Codebook>) -> Result<Box<dyn Codebook>, TrainError> + 'a;

impl PriorConfig {
    /// Reads the words.
    ///
    /// # Errors
    /// [`TrainError::Prior`] if the file cannot be read, has fewer words than asked for, or embeddings that cannot be
    /// refined or are already; [`TrainError::Option`] if its embeddings have another width.
    pub fn load(&self) -> Result<PriorGraph, TrainError> {
        let whole = match &self.source {
            PriorSource::Embedded => PriorGraph::embedded()?,
            PriorSource::File(path) => PriorGraph::open(path)?,
        };
        if let Some(width) = self.width.filter(|&width| width != whole.width()) {
            let place = match &self.source {
                PriorSource::Embedded => "the embedded prior".to_owned(),
                PriorSource::File(path) => path.display().to_string(),
            };
            return Err(TrainError::Option {
                key: "quantizer.prior.width",
                expected: format!("the width of the embeddings of {place}, {}", whole.width()),
                got: width.to_string(),
            });
        }
        let adjectives = self.adjectives.unwrap_or(whole.adjectives().len());
        let nouns = self.nouns.unwrap_or(whole.nouns().len());
        Ok(whole.cut(adjectives, nouns)?.refined(self.refinement)?)
    }
}

impl QuantizerConfig {
    /// The words that the configuration asks for, if it is one of words.
    ///
    /// # Errors
    /// Those of [`PriorConfig::load`].
    pub fn load_prior(&self) -> Result<Option<PriorGraph>, TrainError> {
        match self {
            Self::Vqct { prior, .. } | Self::VqganLc { prior, .. } => prior.load().map(Some),
            _ => Ok(None),
        }
    }

    /// Whether each code is a parameter of its own, a row of `codebook.weight`, that can be moved without the others.
    pub(crate) fn learns_single_codes(&self) -> bool {
        match self {
            Self::Grouped { .. } | Self::Nearest { .. } | Self::Cvq { .. } | Self::Ibq { .. } => true,
            // A network moves all of them, or averages do, or there are none.
            Self::Vqct { .. } | Self::VqganLc { .. } | Self::Simvq { .. } => false,
            Self::Ema { .. } | Self::Fsq { .. } | Self::Lfq { .. } => false,
        }
    }

    /// Whether [`Quantizer::update`] does anything.
    pub(crate) fn learns_by_updates(&self) -> bool {
        match self {
            Self::Cvq { .. } | Self::Ema { .. } => true,
            Self::Vqct { .. } | Self::Grouped { .. } | Self::Nearest { .. } | Self::VqganLc { .. } => false,
            Self::Simvq { .. } | Self::Ibq { .. } | Self::Fsq { .. } | Self::Lfq { .. } => false,
        }
    }

    /// Registers the codebook's parameters under `path` and builds the quantizer.
    pub(crate) fn build(
        &self,
        path: &nn::Path,
        prior: Option<&PriorGraph>,
        prepare: &mut Prepare<'_>,
    ) -> Result<Box<dyn Quantizer>, TrainError> {
        match self {
            Self::Vqct { transfer, width, adjectives, matching, codes, .. } => {
                let prior = prior.ok_or_else(no_words)?;
                let network = Box::new(TransferNet::new(&(path / "transfer"), prior, *width, transfer)?);
                let mut groups = two_groups(prior.adjectives().len() as i64, prior.nouns().len() as i64, *adjectives);
                let codebook: Box<dyn Codebook> = match codes {
                    CodeWordsConfig::All => network,
                    CodeWordsConfig::Adjectives => {
                        groups.truncate(1);
                        Box::new(FirstCodes::new(network, prior.adjectives().len() as i64))
                    }
                    CodeWordsConfig::Undivided => {
                        groups = vec![Group { name: "word".into(), codes: 0..prior.len() as i64, nearest: 1 }];
                        network
                    }
                };
                Ok(Box::new(GroupedQuantizer::new(prepare(codebook)?, groups, matching.clone())?))
            }
            Self::Grouped { adjectives, nouns, width, nearest, matching } => {
                let learned = LearnedCodebook::new(&(path / "codebook"), adjectives + nouns, *width)?;
                let groups = two_groups(*adjectives, *nouns, *nearest);
                Ok(Box::new(GroupedQuantizer::new(prepare(Box::new(learned))?, groups, matching.clone())?))
            }
            Self::Nearest { codes, width, matching } => {
                let learned = LearnedCodebook::new(&(path / "codebook"), *codes, *width)?;
                nearest(prepare(Box::new(learned))?, matching)
            }
            Self::Cvq { codes, width, moves, matching } => {
                let moving = CvqCodebook::new(&(path / "codebook"), *codes, *width, moves.clone())?;
                nearest(prepare(Box::new(moving))?, matching)
            }
            Self::Ema { codes, width, averages, matching } => {
                let averaged = EmaCodebook::new(&(path / "codebook"), *codes, *width, averages.clone())?;
                nearest(prepare(Box::new(averaged))?, matching)
            }
            Self::VqganLc { width, matching, .. } => {
                let prior = prior.ok_or_else(no_words)?;
                let shape = [prior.len() as i64, prior.width() as i64];
                let frozen = Tensor::from_slice(&prior.vectors_f32()).view(shape).to_device(path.device());
                let projected = ProjectedCodebook::new(&(path / "codebook"), &frozen, *width)?;
                nearest(prepare(Box::new(projected))?, matching)
            }
            Self::Simvq { codes, width, layer, matching } => {
                let layered = SimVqCodebook::new(&(path / "codebook"), *codes, *width, layer.clone())?;
                nearest(prepare(Box::new(layered))?, matching)
            }
            Self::Ibq { codes, width, options } => {
                let learned = LearnedCodebook::normal(&(path / "codebook"), *codes, *width)?;
                Ok(Box::new(IbqQuantizer::new(prepare(Box::new(learned))?, options.clone())?))
            }
            Self::Fsq { levels, bound } => {
                Ok(Box::new(FsqQuantizer::new(FsqConfig { levels: levels.clone(), bound: *bound })?))
            }
            Self::Lfq { options } => Ok(Box::new(LfqQuantizer::new(options.clone())?)),
        }
    }
}

fn nearest(codebook: Box<dyn Codebook>, matching: &MatchConfig) -> Result<Box<dyn Quantizer>, TrainError> {
    let config = NearestConfig { matching: matching.clone(), ..Default::default() };
    Ok(Box::new(NearestQuantizer::new(codebook, config)?))
}

fn no_words() -> TrainError {
    let (expected, got) = ("words for a quantizer of words".into(), "none".into());
    TrainError::Option { key: "quantizer.prior", expected, got }
}

/// The first codes of a codebook, which the others only help to make.
#[derive(Debug)]
struct FirstCodes {
    whole: Box<dyn Codebook>,
    count: i64,
}

impl FirstCodes {
    /// At most as many as `whole` has.
    fn new(whole: Box<dyn Codebook>, count: i64) -> Self {
        Self { count: count.min(whole.shape().size), whole }
    }
}

impl Codebook for FirstCodes {
    fn shape(&self) -> CodebookShape {
        CodebookShape { size: self.count, ..self.whole.shape() }
    }

    fn vectors(&self, mode: Mode) -> Tensor {
        self.whole.vectors(mode).narrow(0, 0, self.count)
    }
}

/// Adjectives first, then nouns: `k` adjective ids in `0..A` and one noun id in `A..A + N` per position.
fn two_groups(adjectives: i64, nouns: i64, nearest: i64) -> Vec<Group> {
    vec![
        Group { name: "adjective".into(), codes: 0..adjectives, nearest },
        Group { name: "noun".into(), codes: adjectives..adjectives + nouns, nearest: 1 },
    ]
}
