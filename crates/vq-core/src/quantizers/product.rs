//! Product quantizer: each part of the channels has its own quantizer.

use tch::{Kind, Tensor};

use super::id_segments::{IdSegment, IdSegments};
use crate::contract::{Layout, Mode, Quantized, QuantizedBatch, Quantizer, UpdateStats};
use crate::error::CoreError;
use crate::mask::Mask;

/// One part of a [`ProductQuantizer`].
#[derive(Debug)]
pub struct ProductPart {
    /// The name of the part, used as a prefix of its groups' names.
    pub name: String,
    /// The quantizer of the part's channels.
    pub quantizer: Box<dyn Quantizer>,
}

/// Splits the channels among parts, each with its own quantizer (Jégou, Douze and Schmid, "Product quantization for
/// nearest neighbor search", TPAMI 33(1), 2011, section II-B).
///
/// Parts can differ in quantizer and number of channels. Channels, slots and id ranges are those of the parts,
/// concatenated in order. Group `code` of part `adjective` is named `adjective code`.
/// The loss is the sum of the parts' losses, each a mean over its own channels.
///
/// For groups within one codebook, see [`GroupedQuantizer`](crate::GroupedQuantizer).
#[derive(Debug)]
pub struct ProductQuantizer {
    parts: Vec<ProductPart>,
    segments: Vec<IdSegment>,
    layout: Layout,
}

impl ProductQuantizer {
    /// Concatenates the parts.
    ///
    /// # Errors
    /// [`CoreError::Option`] if there are no parts or two have the same name.
    pub fn new(parts: Vec<ProductPart>) -> Result<Self, CoreError> {
        let refuse = |expected: &str, got: String| {
            Err(CoreError::Option { op: "ProductQuantizer::new", expected: expected.into(), got })
        };
        if parts.is_empty() {
            return refuse("at least one part", "0".into());
        }
        let mut segments = IdSegments::default();
        for (position, part) in parts.iter().enumerate() {
            if parts[..position].iter().any(|other| other.name == part.name) {
                return refuse("parts of distinct names", format!("{} twice", part.name));
            }
            segments.push(&part.name, part.quantizer.layout());
        }
        let channels = parts.iter().map(|part| part.quantizer.layout().channels).sum();
        let layout = Layout { channels, codes: segments.codes, slots: segments.slots };
        Ok(Self { parts, segments: segments.segments, layout })
    }

    /// Splits `[B, C, H, W]` into the channels of each part.
    fn split(&self, latents: &Tensor) -> Vec<Tensor> {
        let channels: Vec<i64> = self.parts.iter().map(|part| part.quantizer.layout().channels).collect();
        latents.split_with_sizes(&channels[..], 1)
    }
}

impl Quantizer for ProductQuantizer {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn quantize_masked(&self, latents: &Tensor, mask: Option<&Tensor>, mode: Mode) -> Result<Quantized, CoreError> {
        const OP: &str = "ProductQuantizer::quantize";
        self.layout.check_latents(OP, latents)?;
        Mask::new(OP, mask, latents)?;
        let mut codes = Vec::new();
        let mut indices = Vec::new();
        let mut loss = Tensor::zeros([], (Kind::Float, latents.device()));
        for ((part, segment), own) in self.parts.iter().zip(&self.segments).zip(self.split(latents)) {
            let quantized = part.quantizer.quantize_masked(&own, mask, mode)?;
            codes.push(quantized.codes);
            indices.push(segment.global(&quantized.indices));
            loss += quantized.loss;
        }
        Ok(Quantized { codes: Tensor::cat(&codes, 1), indices: Tensor::cat(&indices, 3), loss, live: None })
    }

    fn lookup(&self, indices: &Tensor) -> Result<Tensor, CoreError> {
        self.layout.check_indices("ProductQuantizer::lookup", indices)?;
        let parts = self.parts.iter().zip(&self.segments);
        let codes: Vec<Tensor> =
            parts.map(|(part, segment)| part.quantizer.lookup(&segment.local(indices))).collect::<Result<_, _>>()?;
        Ok(Tensor::cat(&codes, 1))
    }

    fn initialize(&mut self, latents: &Tensor) -> Result<(), CoreError> {
        self.layout.check_latents("ProductQuantizer::initialize", latents)?;
        let own = self.split(latents);
        self.parts.iter_mut().zip(own).try_for_each(|(part, own)| part.quantizer.initialize(&own))
    }

    fn update(&mut self, batch: &QuantizedBatch<'_>) -> Result<UpdateStats, CoreError> {
        const OP: &str = "ProductQuantizer::update";
        batch.check(OP, &self.layout)?;
        Mask::new(OP, batch.mask, batch.latents)?;
        let own = self.split(batch.latents);
        let mut updated = UpdateStats::default();
        for ((part, segment), latents) in self.parts.iter_mut().zip(&self.segments).zip(own) {
            let own = QuantizedBatch { latents: &latents, indices: &segment.local(batch.indices), mask: batch.mask };
            updated.revived += part.quantizer.update(&own)?.revived;
        }
        Ok(updated)
    }
}
