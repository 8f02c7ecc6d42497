//! The patch discriminator with spectral normalization.

use tch::{Kind, Tensor, nn};
use vq_core::Mode;

use super::contract::Discriminator;
use super::patch_layout::{PatchConfig, PatchInput, leaky_relu};
use super::spectral_norm::SpectralConv;
use crate::{ModelError, Precision};

/// A patch discriminator with the convolutions of [`PatchDiscriminator`](crate::PatchDiscriminator), with bias and
/// spectral normalization instead of batch normalization (arXiv 1802.05957).
///
/// The logits of an image therefore do not depend on the other images of its batch.
///
/// Parameters: `main.{i}`, with the indices of an `nn.Sequential` of convolutions and activations.
#[derive(Debug)]
pub struct SpectralDiscriminator {
    layers: Vec<SpectralConv>,
    last: SpectralConv,
    input: PatchInput,
}

impl SpectralDiscriminator {
    /// Registers the parameters under `path`; activations are in `precision`.
    ///
    /// # Errors
    /// [`ModelError::Option`] if the configuration is invalid.
    pub fn new(path: &nn::Path, config: &PatchConfig, precision: Precision) -> Result<Self, ModelError> {
        config.check()?;
        let main = path / "main";
        let layer = |layer: i64| SpectralConv::new(&(&main / (2 * layer)), config.conv(layer));
        Ok(Self {
            layers: (0..=config.layers).map(layer).collect(),
            last: layer(config.layers + 1),
            input: PatchInput::new("SpectralDiscriminator", config, precision),
        })
    }
}

impl Discriminator for SpectralDiscriminator {
    fn forward(&self, images: &Tensor, mode: Mode) -> Result<Tensor, ModelError> {
        let layer = |hidden: Tensor, layer: &SpectralConv| leaky_relu(&layer.forward(&hidden, mode));
        let hidden = self.layers.iter().fold(self.input.prepare(images)?, layer);
        Ok(self.last.forward(&hidden, mode).to_kind(Kind::Float))
    }
}
