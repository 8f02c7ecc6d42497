//! Discriminators that judge patches.

use tch::{Kind, Tensor, nn};
use vq_core::Mode;

use crate::batch_norm::{BatchNorm, INIT_DEVIATION};
use crate::convolution::{Conv, ConvShape};
use crate::discriminator::{Discriminator, PatchConfig};
use crate::spectral_norm::SpectralConv;
use crate::{ModelError, Precision};

const KERNEL: i64 = 4;
const PADDING: i64 = 1;
/// Slope of the leaky ReLU below zero.
const SLOPE: f64 = 0.2;
/// Channels grow to this many times those of the first convolution.
const LARGEST_MULTIPLIER: i64 = 8;

/// VQGAN's discriminator (taming-transformers, `NLayerDiscriminator`; PatchGAN, arXiv 1611.07004, section 3.2.2).
///
/// Convolutions of 4x4, of stride 2 but for the last two; batch normalization after all but the first and the last;
/// leaky ReLU between them. Convolutions that are normalized have no bias.
/// Initial weights are from N(0, 0.02), those of the normalizations from N(1, 0.02).
///
/// Parameters: `main.{i}`, counted as taming's `nn.Sequential` does, with the activations.
#[derive(Debug)]
pub struct PatchDiscriminator {
    first: Conv,
    inner: Vec<Normalized>,
    last: Conv,
    stage: Stage,
}

#[derive(Debug)]
struct Normalized {
    conv: Conv,
    norm: BatchNorm,
}

impl PatchDiscriminator {
    /// Registers the parameters under `path`; activations are in `precision`.
    ///
    /// # Errors
    /// [`ModelError::Option`] if the configuration cannot be built.
    pub fn new(path: &nn::Path, config: &PatchConfig, precision: Precision) -> Result<Self, ModelError> {
        config.check()?;
        let main = path / "main";
        let weight = nn::Init::Randn { mean: 0.0, stdev: INIT_DEVIATION };
        let ends =
            |index: i64, shape: ConvShape| Conv::with_init(&(&main / index), shape, weight, Some(shape.torch_init()));
        let inner = |position: i64| {
            let index = 3 * position - 1;
            Normalized {
                conv: Conv::with_init(&(&main / index), shape(config, position), weight, None),
                norm: BatchNorm::new(&(&main / (index + 1)), width(config, position)),
            }
        };
        Ok(Self {
            first: ends(0, shape(config, 0)),
            inner: (1..=config.layers).map(inner).collect(),
            last: ends(3 * config.layers + 2, shape(config, config.layers + 1)),
            stage: Stage::new("PatchDiscriminator", config, precision),
        })
    }
}

impl Discriminator for PatchDiscriminator {
    fn forward(&self, images: &Tensor, mode: Mode) -> Result<Tensor, ModelError> {
        let first = leaky(&self.first.forward(&self.stage.enter(images)?));
        let inner = |hidden: Tensor, layer: &Normalized| leaky(&layer.norm.forward(&layer.conv.forward(&hidden), mode));
        let hidden = self.inner.iter().fold(first, inner);
        Ok(self.last.forward(&hidden).to_kind(Kind::Float))
    }
}

/// A patch discriminator of the same convolutions, all with bias and spectral normalization instead of batch
/// normalization (arXiv 1802.05957): no image of a batch changes what another is given.
///
/// Parameters: `main.{i}`, counted as an `nn.Sequential` of convolutions and activations does.
#[derive(Debug)]
pub struct SpectralDiscriminator {
    layers: Vec<SpectralConv>,
    last: SpectralConv,
    stage: Stage,
}

impl SpectralDiscriminator {
    /// Registers the parameters under `path`; activations are in `precision`.
    ///
    /// # Errors
    /// [`ModelError::Option`] if the configuration cannot be built.
    pub fn new(path: &nn::Path, config: &PatchConfig, precision: Precision) -> Result<Self, ModelError> {
        config.check()?;
        let main = path / "main";
        let layer = |position: i64| SpectralConv::new(&(&main / (2 * position)), shape(config, position));
        Ok(Self {
            layers: (0..=config.layers).map(layer).collect(),
            last: layer(config.layers + 1),
            stage: Stage::new("SpectralDiscriminator", config, precision),
        })
    }
}

impl Discriminator for SpectralDiscriminator {
    fn forward(&self, images: &Tensor, mode: Mode) -> Result<Tensor, ModelError> {
        let layer = |hidden: Tensor, layer: &SpectralConv| leaky(&layer.forward(&hidden, mode));
        let hidden = self.layers.iter().fold(self.stage.enter(images)?, layer);
        Ok(self.last.forward(&hidden, mode).to_kind(Kind::Float))
    }
}

/// What both do with the images that enter.
#[derive(Debug)]
struct Stage {
    op: &'static str,
    smallest: i64,
    precision: Precision,
}

impl Stage {
    fn new(op: &'static str, config: &PatchConfig, precision: Precision) -> Self {
        Self { op, smallest: config.smallest(), precision }
    }

    /// Checks images `[B, 3, H, W]` and casts them.
    fn enter(&self, images: &Tensor) -> Result<Tensor, ModelError> {
        match images.size()[..] {
            [batch, 3, height, width] if batch > 0 && height.min(width) >= self.smallest => {
                Ok(self.precision.cast(images))
            }
            _ => Err(ModelError::Shape {
                op: self.op,
                expected: format!("[B, 3, H, W] with B >= 1, H and W >= {}", self.smallest),
                got: images.size(),
            }),
        }
    }
}

/// Channels after convolution `position`.
fn width(config: &PatchConfig, position: i64) -> i64 {
    config.filters * (1 << position.min(8)).min(LARGEST_MULTIPLIER)
}

/// Convolution `position` of `0..=layers + 1`.
fn shape(config: &PatchConfig, position: i64) -> ConvShape {
    ConvShape {
        inputs: if position == 0 { 3 } else { width(config, position - 1) },
        outputs: if position > config.layers { 1 } else { width(config, position) },
        kernel: KERNEL,
        stride: if position < config.layers { 2 } else { 1 },
        padding: PADDING,
    }
}

fn leaky(xs: &Tensor) -> Tensor {
    // tch binds `leaky_relu` with slope 0.01 only. Its backward operation is `x > 0 ? g : slope * g`; with `x` itself as
    // `g` that is the function, in one pass, and its gradient is the function's.
    xs.detach().leaky_relu_backward(xs, SLOPE, false)
}
