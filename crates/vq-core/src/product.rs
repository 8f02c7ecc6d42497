//! Product quantizer: each part of the channels has its own quantizer.

use tch::{Kind, Tensor};

use crate::rows::Mask;
use crate::spans::{Span, Spans};
use crate::{CoreError, Layout, Mode, Quantized, Quantizer, Seen, Updated};

/// One part of a [`ProductQuantizer`].
#[derive(Debug)]
pub struct Part {
    /// The part's name, put before those of its groups.
    pub name: String,
    /// What quantizes the part's channels.
    pub quantizer: Box<dyn Quantizer>,
}

/// Divides the channels among parts, each with a quantizer of its own (Jégou, Douze and Schmid, "Product quantization
/// for nearest neighbor search", TPAMI 33(1), 2011, section II-B).
///
/// Parts may be of different kinds and widths. The channels are those of the parts in order, so are the slots, and the
/// ids of a part follow those of the part before. Group `code` of part `adjective` is called `adjective code`.
/// The loss is the sum of the parts' losses, each a mean over its own channels.
///
/// For groups of one codebook, see [`GroupedQuantizer`](crate::GroupedQuantizer).
#[derive(Debug)]
pub struct ProductQuantizer {
    parts: Vec<Part>,
    spans: Vec<Span>,
    layout: Layout,
}

impl ProductQuantizer {
    /// Puts the parts side by side.
    ///
    /// # Errors
    /// [`CoreError::Option`] if there are no parts or two share a name.
    pub fn new(parts: Vec<Part>) -> Result<Self, CoreError> {
        let refuse = |expected: &str, got: String| {
            Err(CoreError::Option { op: "ProductQuantizer::new", expected: expected.into(), got })
        };
        if parts.is_empty() {
            return refuse("at least one part", "0".into());
        }
        let mut spans = Spans::default();
        for (position, part) in parts.iter().enumerate() {
            if parts[..position].iter().any(|other| other.name == part.name) {
                return refuse("parts of distinct names", format!("{} twice", part.name));
            }
            spans.push(&part.name, part.quantizer.layout());
        }
        let channels = parts.iter().map(|part| part.quantizer.layout().channels).sum();
        let layout = Layout { channels, codes: spans.codes, slots: spans.slots };
        Ok(Self { parts, spans: spans.spans, layout })
    }

    /// The channels of each part, of `[B, C, H, W]`.
    fn split(&self, latents: &Tensor) -> Vec<Tensor> {
        let widths: Vec<i64> = self.parts.iter().map(|part| part.quantizer.layout().channels).collect();
        latents.split_with_sizes(&widths[..], 1)
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
        for ((part, span), own) in self.parts.iter().zip(&self.spans).zip(self.split(latents)) {
            let quantized = part.quantizer.quantize_masked(&own, mask, mode)?;
            codes.push(quantized.codes);
            indices.push(span.global(&quantized.indices));
            loss += quantized.loss;
        }
        Ok(Quantized { codes: Tensor::cat(&codes, 1), indices: Tensor::cat(&indices, 3), loss, live: None })
    }

    fn lookup(&self, indices: &Tensor) -> Result<Tensor, CoreError> {
        self.layout.check_indices("ProductQuantizer::lookup", indices)?;
        let parts = self.parts.iter().zip(&self.spans);
        let codes: Vec<Tensor> =
            parts.map(|(part, span)| part.quantizer.lookup(&span.local(indices))).collect::<Result<_, _>>()?;
        Ok(Tensor::cat(&codes, 1))
    }

    fn initialize(&mut self, latents: &Tensor) -> Result<(), CoreError> {
        self.layout.check_latents("ProductQuantizer::initialize", latents)?;
        let own = self.split(latents);
        self.parts.iter_mut().zip(own).try_for_each(|(part, own)| part.quantizer.initialize(&own))
    }

    fn update(&mut self, seen: &Seen<'_>) -> Result<Updated, CoreError> {
        const OP: &str = "ProductQuantizer::update";
        self.layout.check_seen(OP, seen)?;
        Mask::new(OP, seen.mask, seen.latents)?;
        let own = self.split(seen.latents);
        let mut updated = Updated::default();
        for ((part, span), latents) in self.parts.iter_mut().zip(&self.spans).zip(own) {
            let own = Seen { latents: &latents, indices: &span.local(seen.indices), mask: seen.mask };
            updated.revived += part.quantizer.update(&own)?.revived;
        }
        Ok(updated)
    }
}
