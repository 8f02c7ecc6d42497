//! Nearest-code quantizer.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::matching::{Codes, MatchConfig, assignment, mean_of_codes};
use super::rows::{full_kind, grid_of, ids_of, rows_of};
use crate::contract::{Codebook, Layout, LiveCodes, Mode, Quantized, QuantizedBatch, Quantizer, Slot, UpdateStats};
use crate::error::CoreError;
use crate::mask::Mask;

/// Options of a [`NearestQuantizer`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NearestConfig {
    /// Number of nearest codes that are averaged, which is also the number of ids per position.
    pub top_k: i64,
    /// Distance, gradient and losses.
    pub matching: MatchConfig,
}

impl Default for NearestConfig {
    fn default() -> Self {
        Self { top_k: 1, matching: MatchConfig::default() }
    }
}

/// Replaces each latent by the nearest code (VQ-VAE, section 3.1), or by the mean of the nearest few.
///
/// The codebook decides the method: VQ-VAE with a [`LearnedCodebook`](crate::LearnedCodebook); its EMA variant,
/// CVQ-VAE, VQGAN-LC and SimVQ with the codebooks of these names.
#[derive(Debug)]
pub struct NearestQuantizer {
    codebook: Box<dyn Codebook>,
    config: NearestConfig,
    layout: Layout,
}

impl NearestQuantizer {
    /// Quantizes latents whose channels equal the dimension of the codes.
    ///
    /// # Errors
    /// [`CoreError::Option`] if an option is invalid, such as a negative beta or `top_k` above the number of codes.
    pub fn new(codebook: Box<dyn Codebook>, config: NearestConfig) -> Result<Self, CoreError> {
        const OP: &str = "NearestQuantizer::new";
        config.matching.check(OP)?;
        let shape = codebook.shape();
        if !(1..=shape.size).contains(&config.top_k) {
            let expected = format!("top_k in 1..={}", shape.size);
            return Err(CoreError::Option { op: OP, expected, got: config.top_k.to_string() });
        }
        let slot = Slot { group: "code".into(), codes: 0..shape.size };
        let slots = vec![slot; config.top_k as usize];
        let layout = Layout { channels: shape.dim, codes: shape.size, slots };
        Ok(Self { codebook, config, layout })
    }
}

impl Quantizer for NearestQuantizer {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn quantize_masked(&self, latents: &Tensor, mask: Option<&Tensor>, mode: Mode) -> Result<Quantized, CoreError> {
        const OP: &str = "NearestQuantizer::quantize";
        self.layout.check_latents(OP, latents)?;
        let mask = Mask::new(OP, mask, latents)?;
        let matching = &self.config.matching;
        let vectors = matching.distance.prepare(&self.codebook.vectors(mode));
        let rows = rows_of(latents, vectors.kind());
        let codes = Codes { vectors, learn: self.codebook.learns_by_gradient() };
        let matched = matching.match_codes(&rows, &codes, self.config.top_k, &mask, mode)?;
        Ok(Quantized {
            codes: grid_of(&matched.codes, latents),
            indices: ids_of(&matched.indices, latents),
            loss: matched.loss + matching.codebook_loss(&codes.vectors),
            live: Some(LiveCodes { codes: grid_of(&matched.live, latents), codebook: codes.vectors }),
        })
    }

    fn lookup(&self, indices: &Tensor) -> Result<Tensor, CoreError> {
        self.layout.check_indices("NearestQuantizer::lookup", indices)?;
        let vectors = self.config.matching.distance.prepare(&self.codebook.vectors(Mode::Eval));
        Ok(mean_of_codes(&vectors, indices).permute([0, 3, 1, 2]).contiguous())
    }

    fn initialize(&mut self, latents: &Tensor) -> Result<(), CoreError> {
        self.layout.check_latents("NearestQuantizer::initialize", latents)?;
        let distance = self.config.matching.distance;
        self.codebook.initialize(&distance.prepare(&rows_of(latents, full_kind(latents))).detach(), distance)
    }

    fn update(&mut self, batch: &QuantizedBatch<'_>) -> Result<UpdateStats, CoreError> {
        const OP: &str = "NearestQuantizer::update";
        batch.check(OP, &self.layout)?;
        let mask = Mask::new(OP, batch.mask, batch.latents)?;
        let rows = rows_of(batch.latents, full_kind(batch.latents));
        let indices = batch.indices.flatten(0, 2); // [N, k]
        self.codebook.update(&assignment(self.config.matching.distance, &rows, &indices, &mask))
    }
}
