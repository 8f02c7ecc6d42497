//! The plan that encoder and decoder share.

use serde::{Deserialize, Serialize};

use crate::ModelError;
use crate::preset::AutoencoderTable;

/// Shape of the VQGAN autoencoder (taming-transformers, arXiv 2012.09841, table 7).
///
/// A configuration file gives these fields, or `preset` (`"f4"`, `"f8"`, `"f16"`) and the fields that differ from it;
/// without `preset`, a field that is left out has the value of f16.
/// A configuration is written with all fields and without `preset`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "AutoencoderTable")]
pub struct AutoencoderConfig {
    /// Pixels along one axis that the network takes as one, 1 in taming-transformers: images are folded into
    /// `[B, 3 patch², H / patch, W / patch]` before the encoder's first convolution (PyTorch's `pixel_unshuffle`)
    /// and unfolded after the decoder's last.
    /// The levels at full resolution are most of a small network's work; without them it takes a fraction of the time.
    pub patch: i64,
    /// Channels at the highest resolution; a multiple of the 32 groups of the normalization.
    pub channels: i64,
    /// Channel multiplier of each level; each level but the last halves the resolution, so
    /// `f = patch * 2^(levels - 1)`.
    pub multipliers: Vec<i64>,
    /// Residual blocks per level of the encoder; the decoder has one more.
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
        if self.channels < 1 || self.channels % crate::layers::NORM_GROUPS != 0 {
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

    /// Pixels along one axis for a position of a level.
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
