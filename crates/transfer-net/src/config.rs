//! Options of a transfer network.

use serde::{Deserialize, Serialize};

use crate::{EdgeSource, FeatureSource};

/// Options of a [`TransferNet`](crate::TransferNet).
///
/// `architecture`, `edges` and `features` are left out of a file when they have their defaults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TransferConfig {
    /// The layers.
    #[serde(skip_serializing_if = "Architecture::is_default")]
    pub architecture: Architecture,
    /// Width of the hidden layer; 256 by default. [`Architecture::Frozen`] has none.
    pub hidden: i64,
    /// Probability that training drops a hidden feature; 0.5 by default. [`Architecture::Frozen`] has none.
    pub dropout: f64,
    /// The edges; those of the words by default. [`Architecture::Frozen`] does not read them.
    #[serde(skip_serializing_if = "EdgeSource::is_default")]
    pub edges: EdgeSource,
    /// The input features; the embeddings of the words by default.
    #[serde(skip_serializing_if = "FeatureSource::is_default")]
    pub features: FeatureSource,
}

/// The paper's: two graph convolutions, 256 hidden features, half of them dropped.
impl Default for TransferConfig {
    fn default() -> Self {
        Self {
            architecture: Architecture::Gcn,
            hidden: 256,
            dropout: 0.5,
            edges: EdgeSource::Words,
            features: FeatureSource::Words,
        }
    }
}

/// The layers between the word embeddings and the codes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Architecture {
    /// Two graph convolutions ([`GraphConv`](crate::GraphConv)), the paper's.
    #[default]
    Gcn,
    /// Two layers of graph attention ([`GraphAttention`](crate::GraphAttention)).
    Gat {
        /// Attention heads of both layers, whose outputs are averaged; 4 by default.
        #[serde(default = "default_heads")]
        heads: i64,
    },
    /// No layer: the features are the codes, and nothing is trained.
    Frozen,
}

impl Architecture {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

fn default_heads() -> i64 {
    4
}
