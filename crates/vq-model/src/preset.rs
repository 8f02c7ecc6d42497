//! Published shapes of the autoencoder, and how a configuration file names one.

use serde::{Deserialize, Serialize};

use crate::AutoencoderConfig;

/// A published shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AutoencoderPreset {
    /// [`AutoencoderConfig::f4`].
    F4,
    /// [`AutoencoderConfig::f8`].
    F8,
    /// [`AutoencoderConfig::f16`].
    #[default]
    F16,
}

impl AutoencoderPreset {
    /// The shape in full.
    pub fn config(self) -> AutoencoderConfig {
        match self {
            Self::F4 => AutoencoderConfig::f4(),
            Self::F8 => AutoencoderConfig::f8(),
            Self::F16 => AutoencoderConfig::f16(),
        }
    }
}

impl AutoencoderConfig {
    /// f = 4: VQ-f4 of latent diffusion (arXiv 2112.10752, table 8); the published model has 8192 codes of width 3.
    pub fn f4() -> Self {
        Self { multipliers: vec![1, 2, 4], attention_factors: Vec::new(), latent_channels: 3, ..Self::f16() }
    }

    /// f = 8: VQ-f8 of latent diffusion (arXiv 2112.10752, table 8); the published model has 16384 codes of width 4.
    pub fn f8() -> Self {
        Self { multipliers: vec![1, 2, 2, 4], attention_factors: vec![8], latent_channels: 4, ..Self::f16() }
    }

    /// f = 16: VQGAN on ImageNet (arXiv 2012.09841, table 7); published with 1024 and 16384 codes of width 256.
    pub fn f16() -> Self {
        Self {
            patch: 1,
            channels: 128,
            multipliers: vec![1, 1, 2, 2, 4],
            residual_blocks: 2,
            attention_factors: vec![16],
            latent_channels: 256,
        }
    }
}

/// What a configuration file may say: a preset, and what differs from it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AutoencoderTable {
    #[serde(default)]
    preset: AutoencoderPreset,
    patch: Option<i64>,
    channels: Option<i64>,
    multipliers: Option<Vec<i64>>,
    residual_blocks: Option<i64>,
    attention_factors: Option<Vec<i64>>,
    latent_channels: Option<i64>,
}

impl From<AutoencoderTable> for AutoencoderConfig {
    fn from(table: AutoencoderTable) -> Self {
        let preset = table.preset.config();
        Self {
            patch: table.patch.unwrap_or(preset.patch),
            channels: table.channels.unwrap_or(preset.channels),
            multipliers: table.multipliers.unwrap_or(preset.multipliers),
            residual_blocks: table.residual_blocks.unwrap_or(preset.residual_blocks),
            attention_factors: table.attention_factors.unwrap_or(preset.attention_factors),
            latent_channels: table.latent_channels.unwrap_or(preset.latent_channels),
        }
    }
}
