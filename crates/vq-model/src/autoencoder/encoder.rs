//! Images to latents.

use tch::Tensor;
use tch::nn::{self, Module};

use super::config::AutoencoderConfig;
use super::level::{Level, LevelPlan, Middle};
use super::resample::Downsample;
use crate::ModelError;
use crate::layers::{Conv, GroupNorm, conv3};

/// The VQGAN encoder, under taming-transformers' parameter names.
///
/// Parameters: `conv_in`, `down.{level}.{block.{j}, attn.{j}, downsample}`, `mid`, `norm_out`, `conv_out`.
#[derive(Debug)]
pub struct Encoder {
    patch: i64,
    conv_in: Conv,
    levels: Vec<Level<Downsample>>,
    middle: Middle,
    norm_out: GroupNorm,
    conv_out: Conv,
}

impl Encoder {
    /// Registers the parameters under `path`.
    ///
    /// # Errors
    /// [`ModelError::Option`] if the configuration is invalid.
    pub fn new(path: &nn::Path, config: &AutoencoderConfig) -> Result<Self, ModelError> {
        config.check()?;
        let last = config.multipliers.len() - 1;
        let level = |level: usize| {
            let at = path / "down" / level as i64;
            let plan = LevelPlan {
                blocks: config.residual_blocks,
                inputs: if level == 0 { config.channels } else { config.width(level - 1) },
                outputs: config.width(level),
                attends: config.attends(level),
            };
            let downsample = (level < last).then(|| Downsample::new(&(&at / "downsample"), plan.outputs));
            Level::new(&at, &plan, downsample)
        };
        let lowest = config.width(last);
        Ok(Self {
            patch: config.patch,
            conv_in: conv3(&(path / "conv_in"), config.image_channels(), config.channels),
            levels: (0..=last).map(level).collect(),
            middle: Middle::new(&(path / "mid"), lowest),
            norm_out: GroupNorm::new(&(path / "norm_out"), lowest),
            conv_out: conv3(&(path / "conv_out"), lowest, config.latent_channels),
        })
    }

    /// Images `[B, 3, H, W]` to latents `[B, Z, H / f, W / f]` of the images' dtype; `f` must divide `H` and `W`.
    pub fn forward(&self, images: &Tensor) -> Tensor {
        let hidden = self.conv_in.forward(&images.pixel_unshuffle(self.patch));
        let hidden = self.levels.iter().fold(hidden, |xs, level| level.forward(&xs));
        let hidden = self.norm_out.swish(&self.middle.forward(&hidden));
        self.conv_out.forward(&hidden)
    }
}
