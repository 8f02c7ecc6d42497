//! Lookup-free quantizer.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::bit_ids::{BitIds, signs};
use super::gradient::straight_through;
use super::rows::{float_rows, grid_of, ids_of};
use crate::check::check_not_negative;
use crate::contract::{Layout, Mode, Quantized, Quantizer};
use crate::error::CoreError;
use crate::losses::{BitEntropyConfig, check_scale};
use crate::mask::Mask;

/// Options of an [`LfqQuantizer`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LfqConfig {
    /// `C`, the channels of the latents, one bit each.
    pub bits: i64,
    /// Bits per id, 1 to 62. With more bits than that, a position has several ids.
    ///
    /// Usage counting needs one counter for each of the `2^bits_per_id` codes of an id.
    pub bits_per_id: i64,
    /// Absolute value of a code in each channel.
    pub scale: f64,
    /// Weight of the commitment term, the mean squared distance between latents and codes.
    pub commitment: f64,
    /// The entropy terms.
    pub entropy: BitEntropyConfig,
}

impl Default for LfqConfig {
    /// The `2^18` codes of MAGVIT-v2.
    fn default() -> Self {
        let entropy = BitEntropyConfig {
            weight: 0.1,
            per_sample: 1.0,
            diversity_gamma: 1.0,
            inverse_temperature: 100.0,
            group_bits: 18,
        };
        Self { bits: 18, bits_per_id: 18, scale: 1.0, commitment: 0.25, entropy }
    }
}

/// Takes the sign of each channel (lookup-free quantization, LFQ, of MAGVIT-v2; arXiv 2310.05737, section 3.1).
///
/// A code is `scale` where a latent is positive, else `-scale`; zero counts as negative.
/// Channel 0 is the highest bit of an id, as in vector-quantize-pytorch; in the paper's equation it is the lowest.
/// With more than [`LfqConfig::bits_per_id`] bits, a position has several ids: each covers the next channels and has
/// its own range of values, after that of the previous id.
///
/// The gradient is straight-through. There is no parameter.
/// The loss is the commitment term `commitment * mean (z - sg(c))^2` plus the [entropy terms](BitEntropyConfig), also
/// in [`Mode::Eval`]. It is zero on codes only if the entropy terms are off.
///
/// Codes are `Float` for every dtype of the latents.
#[derive(Debug)]
pub struct LfqQuantizer {
    config: LfqConfig,
    ids: BitIds,
    layout: Layout,
}

impl LfqQuantizer {
    /// Quantizes latents with [`LfqConfig::bits`] channels.
    ///
    /// # Errors
    /// [`CoreError::Option`] if there is no bit, if an id would have none or more than 62, if all ids together would
    /// take more than 2^62 values, or if another option is invalid.
    pub fn new(config: LfqConfig) -> Result<Self, CoreError> {
        const OP: &str = "LfqQuantizer::new";
        let ids = BitIds::new(OP, config.bits, config.bits_per_id)?;
        check_scale(OP, config.scale)?;
        check_not_negative(OP, "commitment weight", config.commitment)?;
        config.entropy.check(OP)?;
        Ok(Self { config, layout: ids.layout(), ids })
    }
}

impl Quantizer for LfqQuantizer {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn quantize_masked(&self, latents: &Tensor, mask: Option<&Tensor>, _mode: Mode) -> Result<Quantized, CoreError> {
        const OP: &str = "LfqQuantizer::quantize";
        let LfqConfig { scale, commitment, entropy, .. } = &self.config;
        let rows = float_rows(OP, &self.layout, latents)?;
        let mask = Mask::new(OP, mask, latents)?;
        let bits = rows.gt(0.0);
        let codes = signs(&bits, *scale);
        let mut loss = entropy.loss(&rows, *scale, &mask);
        // Squares of large latents are infinite, and zero times infinity is NaN.
        if *commitment > 0.0 {
            loss += mask.mean(&(&rows - &codes).square()) * *commitment;
        }
        Ok(Quantized {
            codes: grid_of(&straight_through(&rows, &codes), latents),
            indices: ids_of(&self.ids.pack(&bits), latents),
            loss,
            live: None,
        })
    }

    fn lookup(&self, indices: &Tensor) -> Result<Tensor, CoreError> {
        self.layout.check_indices("LfqQuantizer::lookup", indices)?;
        let codes = signs(&self.ids.unpack(indices), self.config.scale);
        Ok(codes.permute([0, 3, 1, 2]).contiguous())
    }
}
