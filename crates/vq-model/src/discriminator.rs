//! What tells images from reconstructions.

use serde::{Deserialize, Serialize};
use tch::{Tensor, nn};
use vq_core::Mode;

use crate::patch::{PatchDiscriminator, SpectralDiscriminator};
use crate::{ModelError, Precision};

/// A network that gives a logit to each patch of an image: high for real ones.
pub trait Discriminator: std::fmt::Debug + Send {
    /// Images `[B, 3, H, W]`, `Float`, to logits `[B, 1, h, w]`, `Float`, with gradients.
    ///
    /// In [`Mode::Train`] the pass also changes buffers, since both methods demand it: the running statistics of batch
    /// normalization, or the vectors of the power iteration.
    /// In [`Mode::Eval`] it changes nothing.
    ///
    /// # Errors
    /// [`ModelError::Shape`] unless there is an image, of 3 channels, and each side gives the grid of patches a row.
    fn forward(&self, images: &Tensor, mode: Mode) -> Result<Tensor, ModelError>;
}

/// Which discriminator to build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum DiscriminatorConfig {
    /// [`PatchDiscriminator`], VQGAN's.
    Patch(PatchConfig),
    /// [`SpectralDiscriminator`].
    Spectral(PatchConfig),
}

/// VQGAN's: [`PatchDiscriminator`] with the defaults of [`PatchConfig`].
impl Default for DiscriminatorConfig {
    fn default() -> Self {
        Self::Patch(PatchConfig::default())
    }
}

/// Shape of a patch discriminator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PatchConfig {
    /// Convolutions of stride 2; a logit sees a patch of `2^n` times the kernel or so, 70x70 pixels with 3. Default 3.
    pub layers: i64,
    /// Channels after the first convolution; each further one doubles them, up to 8 times as many. Default 64.
    pub filters: i64,
}

impl Default for PatchConfig {
    fn default() -> Self {
        Self { layers: 3, filters: 64 }
    }
}

impl PatchConfig {
    /// The smallest side of an image: two convolutions of stride 1 take a pixel each from a side of at least 3, the
    /// others halve.
    pub(crate) fn smallest(&self) -> i64 {
        3 << self.layers
    }

    /// Checks that the network can be built.
    ///
    /// # Errors
    /// [`ModelError::Option`] naming the field.
    pub fn check(&self) -> Result<(), ModelError> {
        let refuse = |expected: &str, got: i64| {
            Err(ModelError::Option { op: "DiscriminatorConfig", expected: expected.into(), got: got.to_string() })
        };
        if !(1..=8).contains(&self.layers) {
            return refuse("`layers` in 1..=8", self.layers);
        }
        if self.filters < 1 {
            return refuse("`filters` >= 1", self.filters);
        }
        Ok(())
    }
}

impl DiscriminatorConfig {
    /// Checks that the network can be built.
    ///
    /// # Errors
    /// [`ModelError::Option`] naming the field.
    pub fn check(&self) -> Result<(), ModelError> {
        match self {
            Self::Patch(shape) | Self::Spectral(shape) => shape.check(),
        }
    }

    /// The smallest side of an image that it can judge.
    pub fn smallest(&self) -> i64 {
        match self {
            Self::Patch(shape) | Self::Spectral(shape) => shape.smallest(),
        }
    }

    /// Registers the parameters under `path`; activations are in `precision`.
    ///
    /// # Errors
    /// [`ModelError::Option`] if the configuration cannot be built.
    pub fn build(&self, path: &nn::Path, precision: Precision) -> Result<Box<dyn Discriminator>, ModelError> {
        Ok(match self {
            Self::Patch(shape) => Box::new(PatchDiscriminator::new(path, shape, precision)?),
            Self::Spectral(shape) => Box::new(SpectralDiscriminator::new(path, shape, precision)?),
        })
    }
}
