//! Images to token ids and back.

use tch::nn;
use tch::{Kind, Tensor};
use vq_core::{Layout, Mode, Quantized, QuantizedBatch, Quantizer, UpdateStats};

use crate::layers::{Conv, conv1};
use crate::{AutoencoderConfig, Decoder, Encoder, ModelError, Precision};

/// Result of [`ImageTokenizer::reconstruct`].
#[derive(Debug)]
pub struct Reconstruction {
    /// `[B, 3, H, W]`, `Float` in either precision, not clamped.
    pub images: Tensor,
    /// `[B, C, H / f, W / f]`, the input of the quantizer.
    pub latents: Tensor,
    /// Codes, ids and the quantizer's loss.
    pub quantized: Quantized,
}

/// Result of [`ImageTokenizer::quantize`].
#[derive(Debug)]
pub struct Encoded {
    /// `[B, C, H / f, W / f]`, the input of the quantizer.
    pub latents: Tensor,
    /// Codes, ids and the quantizer's loss.
    pub quantized: Quantized,
}

/// Encoder, quantizer and decoder: images to ids and ids to images.
///
/// Parameters: `encoder`, `quant_conv` (1x1, `Z` to the quantizer's channels), `post_quant_conv` (1x1, back to `Z`),
/// `decoder`.
/// The tokenizer handles codes and ids, never words.
#[derive(Debug)]
pub struct ImageTokenizer {
    encoder: Encoder,
    quant_conv: Conv,
    quantizer: Box<dyn Quantizer>,
    post_quant_conv: Conv,
    decoder: Decoder,
    factor: i64,
    precision: Precision,
}

impl ImageTokenizer {
    /// Registers the parameters under `path` and takes the quantizer, which has registered its own.
    ///
    /// # Errors
    /// [`ModelError::Option`] if the configuration is invalid.
    pub fn new(path: &nn::Path, config: &AutoencoderConfig, quantizer: Box<dyn Quantizer>) -> Result<Self, ModelError> {
        let channels = quantizer.layout().channels;
        Ok(Self {
            encoder: Encoder::new(&(path / "encoder"), config)?,
            quant_conv: conv1(&(path / "quant_conv"), config.latent_channels, channels),
            quantizer,
            post_quant_conv: conv1(&(path / "post_quant_conv"), channels, config.latent_channels),
            decoder: Decoder::new(&(path / "decoder"), config)?,
            factor: config.factor(),
            precision: Precision::default(),
        })
    }

    /// The same tokenizer with activations in `precision`; the default is [`Precision::F32`].
    ///
    /// It applies to encoder, decoder and `post_quant_conv`.
    /// `quant_conv` and the quantizer are always `Float`, since latents rounded to 8 bits would choose other codes.
    pub fn with_precision(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// Dtype of the activations.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Layout of the ids.
    pub fn layout(&self) -> &Layout {
        self.quantizer.layout()
    }

    /// Weight of the decoder's last convolution, `[3 patch², C, 3, 3]`, `Float`, at which the adaptive weight of VQGAN's
    /// adversarial loss compares gradients (arXiv 2012.09841, equation 7).
    pub fn last_weight(&self) -> &Tensor {
        self.decoder.last_weight()
    }

    /// `f`: pixels per token along one axis.
    pub fn factor(&self) -> i64 {
        self.factor
    }

    /// Images `[B, 3, H, W]` to ids `[B, H / f, W / f, S]`, without gradients.
    ///
    /// # Errors
    /// [`ModelError::Shape`] if the images do not have 3 channels or `f` does not divide height and width.
    pub fn encode(&self, images: &Tensor) -> Result<Tensor, ModelError> {
        tch::no_grad(|| Ok(self.quantizer.quantize(&self.latents(images)?, Mode::Eval)?.indices))
    }

    /// Ids `[B, H / f, W / f, S]` to codes `[B, C, H / f, W / f]`, without gradients.
    ///
    /// # Errors
    /// [`ModelError::Quantizer`] if the ids do not fit the layout.
    pub fn codes(&self, indices: &Tensor) -> Result<Tensor, ModelError> {
        tch::no_grad(|| Ok(self.quantizer.lookup(indices)?))
    }

    /// Ids `[B, H / f, W / f, S]` to images `[B, 3, H, W]` clamped to `[-1, 1]`, without gradients.
    ///
    /// # Errors
    /// [`ModelError::Quantizer`] if the ids do not fit the layout.
    pub fn decode(&self, indices: &Tensor) -> Result<Tensor, ModelError> {
        tch::no_grad(|| Ok(self.images_of(&self.codes(indices)?).clamp(-1.0, 1.0)))
    }

    /// Images `[B, 3, H, W]` to latents and codes, with gradients.
    ///
    /// # Errors
    /// [`ModelError::Shape`] if the images do not have 3 channels or `f` does not divide height and width.
    pub fn quantize(&self, images: &Tensor, mode: Mode) -> Result<Encoded, ModelError> {
        let latents = self.latents(images)?;
        let quantized = self.quantizer.quantize(&latents, mode)?;
        Ok(Encoded { latents, quantized })
    }

    /// Images `[B, 3, H, W]` through the whole tokenizer, with gradients.
    ///
    /// # Errors
    /// [`ModelError::Shape`] if the images do not have 3 channels or `f` does not divide height and width.
    pub fn reconstruct(&self, images: &Tensor, mode: Mode) -> Result<Reconstruction, ModelError> {
        let Encoded { latents, quantized } = self.quantize(images, mode)?;
        Ok(Reconstruction { images: self.images_of(&quantized.codes), latents, quantized })
    }

    /// Updates the quantizer by what gradients do not train, from a training step; call it after the optimizer's step.
    ///
    /// # Errors
    /// Those of [`Quantizer::update`].
    pub fn update(&mut self, seen: &QuantizedBatch<'_>) -> Result<UpdateStats, ModelError> {
        Ok(self.quantizer.update(seen)?)
    }

    fn latents(&self, images: &Tensor) -> Result<Tensor, ModelError> {
        match images.size()[..] {
            [_, 3, height, width]
                if height > 0 && width > 0 && height % self.factor == 0 && width % self.factor == 0 => {}
            _ => {
                return Err(ModelError::Shape {
                    op: "ImageTokenizer",
                    expected: format!("[B, 3, H, W] with H and W multiples of {}", self.factor),
                    got: images.size(),
                });
            }
        }
        let hidden = self.encoder.forward(&self.precision.cast(images));
        Ok(self.quant_conv.forward(&hidden.to_kind(Kind::Float)))
    }

    fn images_of(&self, codes: &Tensor) -> Tensor {
        let hidden = self.post_quant_conv.forward(&self.precision.cast(codes));
        self.decoder.forward(&hidden).to_kind(Kind::Float)
    }
}
