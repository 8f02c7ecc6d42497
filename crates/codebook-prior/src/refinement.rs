//! Transforms of the vectors of all words: plain data, stored with the prior.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A transform of the vectors of all words together; none by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Refinement {
    /// The vectors stay as the language model computed them.
    #[default]
    Unrefined,
    /// The mean over all words is subtracted from each.
    Centred,
    /// Centred, then each vector is scaled to length one: the direction from the mean remains, the distance is lost.
    Unit,
    /// Centred, then projected onto the principal components, the axes of most variance.
    Principal {
        /// The number of components kept, those of most variance; below K and at most W.
        width: usize,
        /// The scale of the components.
        scale: Scale,
    },
}

/// The scale of principal components.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Unchanged: distances are preserved, except for what the dropped components contribute.
    Kept,
    /// Divided by the standard deviation over the words (with K - 1), so that each has variance 1.
    Whitened,
}

impl Refinement {
    /// The dimension of refined vectors whose dimension was `embedding_dim`.
    pub fn output_dim(self, embedding_dim: usize) -> usize {
        match self {
            Self::Unrefined | Self::Centred | Self::Unit => embedding_dim,
            Self::Principal { width, .. } => width,
        }
    }
}

impl fmt::Display for Refinement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unrefined => f.write_str("as the model made them"),
            Self::Centred => f.write_str("centred"),
            Self::Unit => f.write_str("centred, of length one"),
            Self::Principal { width, scale: Scale::Kept } => write!(f, "{width} principal components"),
            Self::Principal { width, scale: Scale::Whitened } => write!(f, "{width} principal components, whitened"),
        }
    }
}
