//! Gumbel-softmax quantizer.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor, nn};

use super::gradient::softmax_straight_through;
use super::rows::{grid_of, ids_of, rows_of};
use crate::check::{check_finite, check_not_negative, check_positive};
use crate::contract::{Codebook, Layout, Mode, Quantized, Quantizer, Slot};
use crate::error::CoreError;
use crate::mask::Mask;

/// Options of a [`GumbelQuantizer`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GumbelConfig {
    /// Temperature of the softmax in training. Lower values give less bias and more variance of the gradient.
    pub temperature: f64,
    /// Weight of the KL divergence from the uniform distribution.
    pub kl_weight: f64,
}

impl Default for GumbelConfig {
    /// The values of the published VQGAN code. DALL-E anneals the temperature from 1 to 1/16 (arXiv 2102.12092,
    /// section 2.1).
    fn default() -> Self {
        Self { temperature: 1.0, kl_weight: 5e-4 }
    }
}

/// Samples a code from a categorical distribution that is predicted from the latent (Gumbel-softmax, arXiv 1611.01144
/// and 1611.00712; used in DALL-E's tokenizer, arXiv 2102.12092, section 2.1, and in VQGAN's code).
///
/// A linear layer maps a latent to `K` logits `l`; there is no distance.
/// In [`Mode::Train`] a code is sampled from `softmax(l)`, as the argmax of `l + g` with Gumbel noise `g` from torch's
/// generator. The output has exactly the values of the code and the gradient of `softmax((l + g) / temperature)`
/// (straight-through Gumbel-softmax, arXiv 1611.01144, section 2.2).
/// The gradient reaches the layer and the latents; a code gets the gradient of the positions that chose it.
/// In [`Mode::Eval`] the code with the largest logit is chosen, and the output has no gradient to the latents.
///
/// The loss is `kl_weight` times the KL divergence of `softmax(l)` from the uniform distribution, in nats, averaged
/// over positions. It does not depend on the temperature or the noise.
///
/// Some laws of other quantizers do not apply: codes are not fixed points, because they are not compared with latents;
/// the gradient is not the identity; the loss is zero where `softmax(l)` is uniform, not on codes.
///
/// The dimension of the codes equals the channels of the latents. `N x K` probabilities are stored, because the
/// gradient involves all codes.
///
/// Parameters: those of the codebook; `proj.weight`, `[K, C]`, and `proj.bias`, `[K]`, with torch's default
/// initialization. The published code initializes codes from the standard normal distribution:
/// [`LearnedCodebook::normal`](crate::LearnedCodebook::normal).
#[derive(Debug)]
pub struct GumbelQuantizer {
    proj: nn::Linear,
    codebook: Box<dyn Codebook>,
    config: GumbelConfig,
    layout: Layout,
}

impl GumbelQuantizer {
    /// Registers the layer from latents to logits under `path`, for the codes of `codebook`.
    ///
    /// # Errors
    /// [`CoreError::Option`] if the temperature is not positive or the weight is negative.
    pub fn new(path: &nn::Path, codebook: Box<dyn Codebook>, config: GumbelConfig) -> Result<Self, CoreError> {
        const OP: &str = "GumbelQuantizer::new";
        check_positive(OP, "temperature", config.temperature)?;
        check_not_negative(OP, "KL weight", config.kl_weight)?;
        let shape = codebook.shape();
        let proj = nn::linear(path / "proj", shape.dim, shape.size, nn::LinearConfig::default());
        let slots = vec![Slot { group: "code".into(), codes: 0..shape.size }];
        let layout = Layout { channels: shape.dim, codes: shape.size, slots };
        Ok(Self { proj, codebook, config, layout })
    }

    /// The temperature of the softmax in training.
    pub fn temperature(&self) -> f64 {
        self.config.temperature
    }

    /// Sets the temperature of the softmax in training, for annealing.
    ///
    /// # Errors
    /// [`CoreError::Option`] if it is not positive.
    pub fn set_temperature(&mut self, temperature: f64) -> Result<(), CoreError> {
        check_positive("GumbelQuantizer::set_temperature", "temperature", temperature)?;
        self.config.temperature = temperature;
        Ok(())
    }

    /// Quantizes latents `[B, C, H, W]` as in [`Mode::Train`], with the given noise `[B, H, W, K]` instead of noise
    /// from torch's generator.
    ///
    /// # Errors
    /// Those of [`Quantizer::quantize_masked`]; [`CoreError::Shape`] if the noise has another shape.
    pub fn quantize_with_noise(
        &self,
        latents: &Tensor,
        mask: Option<&Tensor>,
        noise: &Tensor,
    ) -> Result<Quantized, CoreError> {
        const OP: &str = "GumbelQuantizer::quantize_with_noise";
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

    /// Logits `[N, K]`, of the layer's dtype.
    fn logits(&self, latents: &Tensor) -> Tensor {
        rows_of(latents, self.proj.ws.kind()).apply(&self.proj)
    }

    /// Samples codes if there is noise `[N, K]`, otherwise takes the argmax.
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
        check_finite(op, "logits", &largest)?; // the logits of finite latents can overflow
        let codes = if noise.is_some() {
            let probabilities = (scores / self.config.temperature).softmax(1, vectors.kind());
            softmax_straight_through(&probabilities, &ids, &vectors)
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

/// Gumbel noise of the shape of `like`. Uniform samples are clamped because they can be zero.
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
