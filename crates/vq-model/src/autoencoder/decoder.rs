//! Codes to images.

use tch::Tensor;
use tch::nn::{self, Module};

use super::config::AutoencoderConfig;
use super::level::{Level, LevelPlan, Middle};
use super::resample::Upsample;
use crate::ModelError;
use crate::layers::{Conv, GroupNorm, conv3};

/// The VQGAN decoder, under taming-transformers' parameter names.
///
/// Parameters: `conv_in`, `mid`, `up.{level}.{block.{j}, attn.{j}, upsample}` with `up.0` the highest resolution,
/// `norm_out`, `conv_out`.
#[derive(Debug)]
pub struct Decoder {
    conv_in: Conv,
    middle: Middle,
    /// From the lowest resolution to the highest.
    levels: Vec<Level<Upsample>>,
    norm_out: GroupNorm,
    conv_out: Conv,
    patch: i64,
}

impl Decoder {
    /// Registers the parameters under `path`.
    ///
    /// # Errors
    /// [`ModelError::Option`] if the configuration is invalid.
    pub fn new(path: &nn::Path, config: &AutoencoderConfig) -> Result<Self, ModelError> {
        config.check()?;
        let last = config.multipliers.len() - 1;
        let level = |level: usize| {
            let at = path / "up" / level as i64;
            let plan = LevelPlan {
                blocks: config.residual_blocks + 1,
                inputs: config.width((level + 1).min(last)),
                outputs: config.width(level),
                attends: config.attends(level),
            };
            let upsample = (level > 0).then(|| Upsample::new(&(&at / "upsample"), plan.outputs));
            Level::new(&at, &plan, upsample)
        };
        let (highest, lowest) = (config.width(0), config.width(last));
        Ok(Self {
            conv_in: conv3(&(path / "conv_in"), config.latent_channels, lowest),
            middle: Middle::new(&(path / "mid"), lowest),
            levels: (0..=last).rev().map(level).collect(),
            norm_out: GroupNorm::new(&(path / "norm_out"), highest),
            conv_out: conv3(&(path / "conv_out"), highest, config.image_channels()),
            patch: config.patch,
        })
    }

    /// Codes `[B, Z, H / f, W / f]` to images `[B, 3, H, W]` of the codes' dtype, not clamped.
    pub fn forward(&self, codes: &Tensor) -> Tensor {
        let hidden = self.middle.forward(&self.conv_in.forward(codes));
        let hidden = self.levels.iter().fold(hidden, |xs, level| level.forward(&xs));
        self.conv_out.forward(&self.norm_out.swish(&hidden)).pixel_shuffle(self.patch)
    }

    /// Weight of `conv_out`, `[3 patch², C, 3, 3]`, at which VQGAN compares the gradients of its losses (equation 7).
    pub fn last_weight(&self) -> &Tensor {
        &self.conv_out.weight
    }
}
