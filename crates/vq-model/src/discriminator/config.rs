//! Selection of a discriminator.

use serde::{Deserialize, Serialize};
use tch::nn;

use super::contract::Discriminator;
use super::patch::PatchDiscriminator;
use super::patch_layout::PatchConfig;
use super::spectral::SpectralDiscriminator;
use crate::{ModelError, Precision};

/// A discriminator and its shape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum DiscriminatorConfig {
    /// [`PatchDiscriminator`], as in VQGAN.
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

    /// The smallest side of an image that the network takes.
    pub fn smallest(&self) -> i64 {
        match self {
            Self::Patch(shape) | Self::Spectral(shape) => shape.smallest(),
        }
    }

    /// Registers the parameters under `path`; activations are in `precision`.
    ///
    /// # Errors
    /// [`ModelError::Option`] if the configuration is invalid.
    pub fn build(&self, path: &nn::Path, precision: Precision) -> Result<Box<dyn Discriminator>, ModelError> {
        Ok(match self {
            Self::Patch(shape) => Box::new(PatchDiscriminator::new(path, shape, precision)?),
            Self::Spectral(shape) => Box::new(SpectralDiscriminator::new(path, shape, precision)?),
        })
    }
}
