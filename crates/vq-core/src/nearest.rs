//! Nearest-code quantizer.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::matching::{Codes, assignment, mean_of_codes};
use crate::rows::{Mask, full_kind, grid_of, ids_of, rows_of};
use crate::{Codebook, CoreError, Layout, LiveCodes, MatchConfig, Mode, Quantized, Quantizer, Seen, Slot, Updated};

/// Options of a [`NearestQuantizer`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NearestConfig {
    /// How many nearest codes are averaged; as many ids per position.
    pub nearest: i64,
    /// How latents meet codes.
    pub matching: MatchConfig,
}

impl Default for NearestConfig {
    fn default() -> Self {
        Self { nearest: 1, matching: MatchConfig::default() }
    }
}

/// Replaces each latent by the nearest code (VQ-VAE, section 3.1), or by the mean of the nearest few.
///
/// What it becomes depends on the codebook: VQ-VAE with a [`LearnedCodebook`](crate::LearnedCodebook), its EMA variant,
/// CVQ, VQGAN-LC and SimVQ with those of their names.
#[derive(Debug)]
pub struct NearestQuantizer {
    codebook: Box<dyn Codebook>,
    config: NearestConfig,
    layout: Layout,
}

impl NearestQuantizer {
    /// Quantizes latents of as many channels as the codes are wide.
    ///
    /// # Errors
    /// [`CoreError::Option`] if an option makes no sense, such as a negative beta or more nearest codes than there are.
    pub fn new(codebook: Box<dyn Codebook>, config: NearestConfig) -> Result<Self, CoreError> {
        const OP: &str = "NearestQuantizer::new";
        config.matching.check(OP)?;
        let shape = codebook.shape();
        if !(1..=shape.size).contains(&config.nearest) {
            let expected = format!("1 to {} nearest codes", shape.size);
            return Err(CoreError::Option { op: OP, expected, got: config.nearest.to_string() });
        }
        let slot = Slot { group: "code".into(), codes: 0..shape.size };
        let slots = vec![slot; config.nearest as usize];
        let layout = Layout { channels: shape.width, codes: shape.size, slots };
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
        let matched = matching.meet(&rows, &codes, self.config.nearest, &mask, mode)?;
        Ok(Quantized {
            codes: grid_of(&matched.codes, latents),
            indices: ids_of(&matched.indices, latents),
            loss: matched.loss + matching.codebook_loss(&codes.vectors),
            live: Some(LiveCodes { codes: grid_of(&matched.chosen, latents), codebook: codes.vectors }),
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

    fn update(&mut self, seen: &Seen<'_>) -> Result<Updated, CoreError> {
        const OP: &str = "NearestQuantizer::update";
        self.layout.check_seen(OP, seen)?;
        let mask = Mask::new(OP, seen.mask, seen.latents)?;
        let rows = rows_of(seen.latents, full_kind(seen.latents));
        let indices = seen.indices.flatten(0, 2); // [N, k]
        self.codebook.update(&assignment(self.config.matching.distance, &rows, &indices, &mask))
    }
}
