//! Codebook and quantizer, from configuration to object.

use std::path::PathBuf;

use codebook_prior::PriorGraph;
use serde::{Deserialize, Serialize};
use tch::nn;
use transfer_net::{TransferConfig, TransferNet};
use vq_core::{
    Codebook, CvqCodebook, CvqConfig, Group, GroupedQuantizer, LearnedCodebook, MatchConfig, NearestConfig,
    NearestQuantizer, Quantizer,
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
        /// Adjectives averaged per position; the paper has 2.
        #[serde(default = "two")]
        adjectives: i64,
        /// How latents meet codes.
        #[serde(default)]
        matching: MatchConfig,
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
    /// [`TrainError::Prior`] if the file cannot be read or has fewer words than asked for; [`TrainError::Option`] if its
    /// embeddings have another width.
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
        Ok(whole.cut(adjectives, nouns)?)
    }
}

impl QuantizerConfig {
    /// The words that the configuration asks for, if it is one of words.
    ///
    /// # Errors
    /// Those of [`PriorConfig::load`].
    pub fn load_prior(&self) -> Result<Option<PriorGraph>, TrainError> {
        match self {
            Self::Vqct { prior, .. } => prior.load().map(Some),
            Self::Grouped { .. } | Self::Nearest { .. } | Self::Cvq { .. } => Ok(None),
        }
    }

    /// Whether each code is a parameter of its own, a row of `codebook.weight`, that can be moved without the others.
    pub(crate) fn learns_single_codes(&self) -> bool {
        match self {
            Self::Vqct { .. } => false,
            Self::Grouped { .. } | Self::Nearest { .. } | Self::Cvq { .. } => true,
        }
    }

    /// Whether [`Quantizer::update`] does anything.
    pub(crate) fn learns_by_updates(&self) -> bool {
        match self {
            Self::Cvq { .. } => true,
            Self::Vqct { .. } | Self::Grouped { .. } | Self::Nearest { .. } => false,
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
            Self::Vqct { transfer, width, adjectives, matching, .. } => {
                let prior = prior.ok_or_else(|| TrainError::Option {
                    key: "quantizer.prior",
                    expected: "words for a `vqct` quantizer".into(),
                    got: "none".into(),
                })?;
                let network = TransferNet::new(&(path / "transfer"), prior, *width, transfer)?;
                let groups = two_groups(prior.adjectives().len() as i64, prior.nouns().len() as i64, *adjectives);
                Ok(Box::new(GroupedQuantizer::new(prepare(Box::new(network))?, groups, matching.clone())?))
            }
            Self::Grouped { adjectives, nouns, width, nearest, matching } => {
                let learned = LearnedCodebook::new(&(path / "codebook"), adjectives + nouns, *width)?;
                let groups = two_groups(*adjectives, *nouns, *nearest);
                Ok(Box::new(GroupedQuantizer::new(prepare(Box::new(learned))?, groups, matching.clone())?))
            }
            Self::Nearest { codes, width, matching } => {
                let learned = LearnedCodebook::new(&(path / "codebook"), *codes, *width)?;
                let config = NearestConfig { matching: matching.clone(), ..Default::default() };
                Ok(Box::new(NearestQuantizer::new(prepare(Box::new(learned))?, config)?))
            }
            Self::Cvq { codes, width, moves, matching } => {
                let moving = CvqCodebook::new(&(path / "codebook"), *codes, *width, moves.clone())?;
                let config = NearestConfig { matching: matching.clone(), ..Default::default() };
                Ok(Box::new(NearestQuantizer::new(prepare(Box::new(moving))?, config)?))
            }
        }
    }
}

/// Adjectives first, then nouns: `k` adjective ids in `0..A` and one noun id in `A..A + N` per position.
fn two_groups(adjectives: i64, nouns: i64, nearest: i64) -> Vec<Group> {
    vec![
        Group { name: "adjective".into(), codes: 0..adjectives, nearest },
        Group { name: "noun".into(), codes: adjectives..adjectives + nouns, nearest: 1 },
    ]
}
