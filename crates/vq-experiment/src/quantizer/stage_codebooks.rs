//! Whether stages share a codebook.

use serde::{Deserialize, Serialize};

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
