//! Gumbel-softmax quantizer.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor, nn};

use crate::choice::choose;
use crate::finite::check_finite;
use crate::rows::{Mask, grid_of, ids_of, rows_of};
use crate::{Codebook, CoreError, Layout, Mode, Quantized, Quantizer, Slot};

/// Options of a [`GumbelQuantizer`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GumbelConfig {
    /// Temperature of the relaxed choice in training: towards zero its gradient becomes exact and wild.
    pub temperature: f64,
    /// Weight of the divergence of the choice from an even one.
    pub kl_weight: f64,
}

impl Default for GumbelConfig {
    /// The published VQGAN code's; DALL-E lets the temperature fall from 1 to 1/16 (arXiv 2102.12092, section 2.1).
    fn default() -> Self {
        Self { temperature: 1.0, kl_weight: 5e-4 }
    }
}

/// Draws a code from a distribution that the latent names (Gumbel-softmax, arXiv 1611.01144 and 1611.00712; as in
/// DALL-E's tokenizer, arXiv 2102.12092, section 2.1, and in VQGAN's code).
///
/// A linear map turns a latent into `K` logits `l`; no distance is measured.
/// In [`Mode::Train`] a code is drawn from `softmax(l)`, as the largest of `l + g` with Gumbel noise `g` from torch's
/// generator, and the gradient is that of `softmax((l + g) / temperature)` in place of the choice (straight-through
/// Gumbel-softmax, arXiv 1611.01144, section 2.2): the values are exactly those of the code.
/// It reaches the map and the latents; a code gets the gradient of the positions that chose it.
/// In [`Mode::Eval`] the code of the largest logit is taken, and no gradient gets past the choice.
///
/// The loss is `kl_weight` times the divergence of `softmax(l)` from the uniform distribution, in nats, the mean over
/// positions. It does not depend on the temperature or on the noise.
///
/// Some laws of other quantizers have no meaning here: codes are no fixed points, since they are not compared with
/// latents; the gradient is not the identity; and the loss is zero where the choice is even, not on codes.
///
/// The codes are as wide as the latents. `N x K` probabilities are held: all codes take part in the gradient.
///
/// Parameters: `proj.weight`, `[K, C]`, and `proj.bias`, `[K]`, as torch initializes a linear map, besides those of the
/// codebook (the published code draws it from the standard normal distribution:
/// [`LearnedCodebook::normal`](crate::LearnedCodebook::normal)).
#[derive(Debug)]
pub struct GumbelQuantizer {
    proj: nn::Linear,
    codebook: Box<dyn Codebook>,
    config: GumbelConfig,
    layout: Layout,
}

impl GumbelQuantizer {
    /// Registers the map from latents to logits under `path`, for the codes of `codebook`.
    ///
    /// # Errors
    /// [`CoreError::Option`] if the temperature is not positive or the weight is negative.
    pub fn new(path: &nn::Path, codebook: Box<dyn Codebook>, config: GumbelConfig) -> Result<Self, CoreError> {
        const OP: &str = "GumbelQuantizer::new";
        check_temperature(OP, config.temperature)?;
        if !(config.kl_weight.is_finite() && config.kl_weight >= 0.0) {
            let expected = "a finite KL weight >= 0".into();
            return Err(CoreError::Option { op: OP, expected, got: config.kl_weight.to_string() });
        }
        let shape = codebook.shape();
        let proj = nn::linear(path / "proj", shape.width, shape.size, nn::LinearConfig::default());
        let slots = vec![Slot { group: "code".into(), codes: 0..shape.size }];
        let layout = Layout { channels: shape.width, codes: shape.size, slots };
        Ok(Self { proj, codebook, config, layout })
    }

    /// The temperature of the relaxed choice.
    pub fn temperature(&self) -> f64 {
        self.config.temperature
    }

    /// Sets the temperature of the relaxed choice, for a trainer that lowers it step by step.
    ///
    /// # Errors
    /// [`CoreError::Option`] if it is not positive.
    pub fn set_temperature(&mut self, temperature: f64) -> Result<(), CoreError> {
        check_temperature("GumbelQuantizer::set_temperature", temperature)?;
        self.config.temperature = temperature;
        Ok(())
    }

    /// Quantizes latents `[B, C, H, W]` as in [`Mode::Train`], with the given noise `[B, H, W, K]` in place of torch's
    /// generator.
    ///
    /// # Errors
    /// Those of [`Quantizer::quantize_masked`]; [`CoreError::Shape`] if the noise has another shape.
    pub fn quantize_noisy(
        &self,
        latents: &Tensor,
        mask: Option<&Tensor>,
        noise: &Tensor,
    ) -> Result<Quantized, CoreError> {
        const OP: &str = "GumbelQuantizer::quantize_noisy";
        self.layout.check_latents(OP, latents)?;
        let size = latents.size();
        let expected = [size[0], size[2], size[3], self.layout.codes];
        if noise.size() != expected {
            return Err(CoreError::Shape { op: OP, expected: format!("noise {expected:?}"), got: noise.size() });
        }
        let mask = Mask::new(OP, mask, latents)?;
        let logits = self.logits(latents);
        self.quantize_logits(OP, latents, &logits, Some(noise.flatten(0, 2).to_kind(logits.kind())), &mask)
    }

    /// Logits `[N, K]`, of the map's kind.
    fn logits(&self, latents: &Tensor) -> Tensor {
        rows_of(latents, self.proj.ws.kind()).apply(&self.proj)
    }

    /// Draws codes where there is noise `[N, K]`, else takes the likeliest.
    fn quantize_logits(
        &self,
        op: &'static str,
        latents: &Tensor,
        logits: &Tensor,
        noise: Option<Tensor>,
        mask: &Mask,
    ) -> Result<Quantized, CoreError> {
        let vectors = self.codebook.vectors(if noise.is_some() { Mode::Train } else { Mode::Eval });
        let scores = noise.as_ref().map_or_else(|| logits.shallow_clone(), |noise| logits + noise);
        let (largest, ids) = scores.max_dim(1, false);
        check_finite(op, "logits", &largest)?; // finite latents may still be too large for the map
        let codes = if noise.is_some() {
            let probabilities = (scores / self.config.temperature).softmax(1, vectors.kind());
            choose(&probabilities, &ids, &vectors)
        } else {
            Tensor::embedding(&vectors, &ids, -1, false, false)
        };
        Ok(Quantized {
            codes: grid_of(&codes, latents),
            indices: ids_of(&ids.unsqueeze(1), latents),
            loss: self.divergence(logits, mask),
            live: None,
        })
    }

    /// `kl_weight * mean sum_k q_k ln(q_k K)` with `q = softmax(logits)`: a scalar.
    fn divergence(&self, logits: &Tensor, mask: &Mask) -> Tensor {
        if self.config.kl_weight == 0.0 {
            return Tensor::zeros([], (logits.kind(), logits.device()));
        }
        let log_q = logits.log_softmax(1, None::<Kind>);
        let each = (log_q.exp() * (log_q + (self.layout.codes as f64).ln())).sum_dim_intlist(1, false, None::<Kind>);
        mask.mean(&each) * self.config.kl_weight
    }
}

fn check_temperature(op: &'static str, temperature: f64) -> Result<(), CoreError> {
    if temperature.is_finite() && temperature > 0.0 {
        return Ok(());
    }
    Err(CoreError::Option { op, expected: "a finite temperature > 0".into(), got: temperature.to_string() })
}

/// Gumbel noise of the shape of `like`; a uniform number may be zero, of which there is no logarithm.
fn gumbel_noise(like: &Tensor) -> Tensor {
    tch::no_grad(|| -(-like.rand_like().clamp_min(f64::from(f32::MIN_POSITIVE)).log()).log())
}

impl Quantizer for GumbelQuantizer {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn quantize_masked(&self, latents: &Tensor, mask: Option<&Tensor>, mode: Mode) -> Result<Quantized, CoreError> {
        const OP: &str = "GumbelQuantizer::quantize";
        self.layout.check_latents(OP, latents)?;
        let mask = Mask::new(OP, mask, latents)?;
        let logits = self.logits(latents);
        let noise = (mode == Mode::Train).then(|| gumbel_noise(&logits));
        self.quantize_logits(OP, latents, &logits, noise, &mask)
    }

    fn lookup(&self, indices: &Tensor) -> Result<Tensor, CoreError> {
        self.layout.check_indices("GumbelQuantizer::lookup", indices)?;
        let codes = Tensor::embedding(&self.codebook.vectors(Mode::Eval), &indices.select(3, 0), -1, false, false);
        Ok(codes.permute([0, 3, 1, 2]).contiguous())
    }
}
