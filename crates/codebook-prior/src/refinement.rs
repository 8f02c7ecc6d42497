use std::fmt;

use serde::{Deserialize, Serialize};

/// What is done to the vectors of all words together, once a language model made them; nothing by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Refinement {
    /// Vectors stay as the model made them.
    #[default]
    Unrefined,
    /// The mean over all words is subtracted from each.
    Centred,
    /// Centred, then each scaled to length one: where a word lies from the mean of all, however far.
    Unit,
    /// Centred, then turned to the axes along which the words differ most (principal components).
    Principal {
        /// The components kept, those of most variance; below K and at most W.
        width: usize,
        /// How long the axes are.
        scale: Scale,
    },
}

/// The unit of a principal component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// That of the vectors: distances stay, as far as the components kept hold them.
    Kept,
    /// The component's standard deviation over the words (with K - 1): each then has variance 1, whitened.
    Whitened,
}

impl Refinement {
    /// The width of refined vectors that were `width` wide.
    pub fn width(self, width: usize) -> usize {
        match self {
            Self::Unrefined | Self::Centred | Self::Unit => width,
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
