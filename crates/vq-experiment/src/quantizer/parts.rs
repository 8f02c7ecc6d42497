//! Options of quantizers that are made of several quantizers.

use serde::{Deserialize, Serialize};

use super::QuantizerConfig;

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
