//! Shape of the autoencoder: configuration and presets.

use serde::{Deserialize, Serialize};

use crate::ModelError;
use crate::layers::NORM_GROUPS;

/// Shape of the VQGAN autoencoder (taming-transformers, arXiv 2012.09841, table 7).
///
/// A configuration file has these fields, or `preset` (`"f4"`, `"f8"`, `"f16"`) and the fields that differ from it.
/// Without `preset`, a missing field has the value of f16.
/// Serialization writes all fields and no `preset`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "AutoencoderTable")]
pub struct AutoencoderConfig {
    /// Side of the square of pixels that the network treats as one position; 1 in taming-transformers.
    /// Images are folded into `[B, 3 patch², H / patch, W / patch]` before the encoder's first convolution (PyTorch's
    /// `pixel_unshuffle`) and unfolded after the decoder's last one.
    /// The levels at full resolution take most of a small network's time; a larger patch avoids them.
    pub patch: i64,
    /// Channels at the highest resolution, a multiple of the 32 groups of the normalization.
    pub channels: i64,
    /// Channel multiplier of each level. Each level but the last halves the resolution:
    /// `f = patch * 2^(levels - 1)`.
    pub multipliers: Vec<i64>,
    /// Residual blocks per level of the encoder; each level of the decoder has one more.
    pub residual_blocks: i64,
    /// Downsampling factors at which each residual block is followed by attention.
    pub attention_factors: Vec<i64>,
    /// `Z`, channels between encoder and quantizer.
    pub latent_channels: i64,
}

/// [`AutoencoderConfig::f16`].
impl Default for AutoencoderConfig {
    fn default() -> Self {
        Self::f16()
    }
}

impl AutoencoderConfig {
    /// `f`: pixels per token along one axis.
    pub fn factor(&self) -> i64 {
        self.level_factor(self.multipliers.len().max(1) - 1)
    }

    /// Checks that the model can be built.
    ///
    /// # Errors
    /// [`ModelError::Option`] naming the field.
    pub fn check(&self) -> Result<(), ModelError> {
        let refuse = |expected: &str, got: String| {
            Err(ModelError::Option { op: "AutoencoderConfig", expected: expected.into(), got })
        };
        if !(1..=64).contains(&self.patch) {
            return refuse("`patch` of 1 to 64", self.patch.to_string());
        }
        if self.channels < 1 || self.channels % NORM_GROUPS != 0 {
            return refuse("`channels` to be a positive multiple of 32", self.channels.to_string());
        }
        if !(1..=8).contains(&self.multipliers.len()) || self.multipliers.iter().any(|&m| m < 1) {
            return refuse("1 to 8 positive `multipliers`", format!("{:?}", self.multipliers));
        }
        if self.residual_blocks < 1 {
            return refuse("`residual_blocks` >= 1", self.residual_blocks.to_string());
        }
        if self.latent_channels < 1 {
            return refuse("`latent_channels` >= 1", self.latent_channels.to_string());
        }
        let factors: Vec<i64> = (0..self.multipliers.len()).map(|level| self.level_factor(level)).collect();
        if self.attention_factors.iter().any(|factor| !factors.contains(factor)) {
            return refuse(&format!("`attention_factors` among {factors:?}"), format!("{:?}", self.attention_factors));
        }
        Ok(())
    }

    /// Side, in pixels, of a position of a level.
    fn level_factor(&self, level: usize) -> i64 {
        self.patch << level
    }

    /// `3 patch²`: channels of an image with its patches folded.
    pub(crate) fn image_channels(&self) -> i64 {
        3 * self.patch * self.patch
    }

    /// Channels of a level.
    pub(crate) fn width(&self, level: usize) -> i64 {
        self.channels * self.multipliers[level]
    }

    /// Whether a level has attention.
    pub(crate) fn attends(&self, level: usize) -> bool {
        self.attention_factors.contains(&self.level_factor(level))
    }
}

/// A published shape of the autoencoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
    /// All values of the preset.
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

/// A configuration as it is read: a preset and the fields that differ from it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AutoencoderTable {
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
