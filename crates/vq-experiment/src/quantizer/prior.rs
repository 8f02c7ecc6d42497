//! The words whose embeddings become codes.

use std::path::PathBuf;

use codebook_prior::{PriorGraph, Refinement};
use serde::{Deserialize, Serialize};

use crate::ConfigError;
use crate::error::check_value;

/// Which words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriorConfig {
    /// The embedded prior, or a file.
    pub source: PriorSource,
    /// Keep only the first adjectives, at most so many.
    pub max_adjectives: Option<usize>,
    /// Keep only the first nouns, at most so many.
    pub max_nouns: Option<usize>,
    /// The width of the embeddings, checked if it is given.
    pub embedding_dim: Option<usize>,
    /// A transformation of the embeddings of the kept words, if the file has them as the language model made them.
    #[serde(default, skip_serializing_if = "is_unrefined")]
    pub refinement: Refinement,
}

/// Where a prior is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum PriorSource {
    /// The prior that `codebook-prior` contains.
    Embedded,
    /// A `prior.safetensors`.
    File(PathBuf),
}

fn is_unrefined(refinement: &Refinement) -> bool {
    *refinement == Refinement::Unrefined
}

impl PriorConfig {
    /// Reads the words.
    ///
    /// # Errors
    /// [`ConfigError::Prior`] if the file cannot be read, has fewer words than asked for, or embeddings that cannot be
    /// refined or are refined already; [`ConfigError::Value`] if its embeddings have another width.
    pub fn load(&self) -> Result<PriorGraph, ConfigError> {
        let (whole, name) = match &self.source {
            PriorSource::Embedded => (PriorGraph::embedded()?, "the embedded prior".to_owned()),
            PriorSource::File(path) => (PriorGraph::open(path)?, path.display().to_string()),
        };
        let width = self.embedding_dim.unwrap_or(whole.embedding_dim());
        let expected = format!("the width of the embeddings of {name}, {}", whole.embedding_dim());
        check_value("quantizer.prior.embedding_dim", width == whole.embedding_dim(), &expected, width)?;
        let adjectives = self.max_adjectives.unwrap_or(whole.adjectives().len());
        let nouns = self.max_nouns.unwrap_or(whole.nouns().len());
        Ok(whole.cut(adjectives, nouns)?.refined(self.refinement)?)
    }
}
