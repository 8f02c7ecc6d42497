//! The patch discriminator of VQGAN.

use tch::{Kind, Tensor, nn};
use vq_core::Mode;

use super::batch_norm::BatchNorm;
use super::contract::Discriminator;
use super::patch_layout::{INIT_DEVIATION, PatchConfig, PatchInput, leaky_relu};
use crate::layers::{Conv, ConvShape};
use crate::{ModelError, Precision};

/// VQGAN's discriminator (taming-transformers, `NLayerDiscriminator`; PatchGAN, arXiv 1611.07004, section 3.2.2).
///
/// Its convolutions are 4x4, of stride 2 except for the last two.
/// Batch normalization follows all of them but the first and the last; leaky ReLUs lie between.
/// Convolutions with batch normalization have no bias.
/// Initial weights are from N(0, 0.02), those of the normalizations from N(1, 0.02).
///
/// Parameters: `main.{i}`, with the indices of taming's `nn.Sequential`, which counts activations too.
#[derive(Debug)]
pub struct PatchDiscriminator {
    first: Conv,
    inner: Vec<NormalizedConv>,
    last: Conv,
    input: PatchInput,
}

#[derive(Debug)]
struct NormalizedConv {
    conv: Conv,
    norm: BatchNorm,
}

impl PatchDiscriminator {
    /// Registers the parameters under `path`; activations are in `precision`.
    ///
    /// # Errors
    /// [`ModelError::Option`] if the configuration is invalid.
    pub fn new(path: &nn::Path, config: &PatchConfig, precision: Precision) -> Result<Self, ModelError> {
        config.check()?;
        let main = path / "main";
        let weight = nn::Init::Randn { mean: 0.0, stdev: INIT_DEVIATION };
        let with_bias =
            |index: i64, shape: ConvShape| Conv::with_init(&(&main / index), shape, weight, Some(shape.torch_init()));
        let inner = |layer: i64| {
            let index = 3 * layer - 1;
            NormalizedConv {
                conv: Conv::with_init(&(&main / index), config.conv(layer), weight, None),
                norm: BatchNorm::new(&(&main / (index + 1)), config.width(layer)),
            }
        };
        Ok(Self {
            first: with_bias(0, config.conv(0)),
            inner: (1..=config.layers).map(inner).collect(),
            last: with_bias(3 * config.layers + 2, config.conv(config.layers + 1)),
            input: PatchInput::new("PatchDiscriminator", config, precision),
        })
    }
}

impl Discriminator for PatchDiscriminator {
    fn forward(&self, images: &Tensor, mode: Mode) -> Result<Tensor, ModelError> {
        let first = leaky_relu(&self.first.forward(&self.input.prepare(images)?));
        let inner = |hidden: Tensor, layer: &NormalizedConv| {
            leaky_relu(&layer.norm.forward(&layer.conv.forward(&hidden), mode))
        };
        let hidden = self.inner.iter().fold(first, inner);
        Ok(self.last.forward(&hidden).to_kind(Kind::Float))
    }
}
