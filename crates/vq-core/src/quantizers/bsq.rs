//! Binary spherical quantizer.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::bit_ids::{BitIds, signs};
use super::gradient::straight_through;
use super::rows::{float_rows, grid_of, ids_of};
use crate::check::check_not_negative;
use crate::contract::{Layout, Mode, Quantized, Quantizer};
use crate::distance::normalize_rows;
use crate::error::CoreError;
use crate::losses::BitEntropyConfig;
use crate::mask::Mask;

/// Options of a [`BsqQuantizer`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BsqConfig {
    /// `C`, the channels of the latents, one bit each.
    pub bits: i64,
    /// Bits per id, 1 to 62. With more bits than that, a position has several ids.
    ///
    /// Usage counting needs one counter for each of the `2^bits_per_id` codes of an id.
    pub bits_per_id: i64,
    /// Weight of the commitment term, the mean over positions of the squared distance between the normalized latent and
    /// its code; 0 in the published configurations.
    pub commitment: f64,
    /// The entropy terms: `weight` is the paper's zeta, `diversity_gamma` its gamma.
    pub entropy: BitEntropyConfig,
}

impl Default for BsqConfig {
    /// The published configuration of 18 bits.
    fn default() -> Self {
        let entropy = BitEntropyConfig {
            weight: 1.0,
            per_sample: 1.0,
            diversity_gamma: 1.0,
            inverse_temperature: 1.0,
            group_bits: 9,
        };
        Self { bits: 18, bits_per_id: 18, commitment: 0.0, entropy }
    }
}

/// Projects latents onto the unit sphere and takes the sign of each channel (binary spherical quantization, BSQ;
/// arXiv 2406.07548, section 4).
///
/// A code is `1 / sqrt(C)` where a latent is positive, else `-1 / sqrt(C)`. Zero counts as negative, so that all codes
/// have length one, also that of a zero latent. The codes do not depend on the length of a latent.
/// Ids are those of [`LfqQuantizer`](crate::LfqQuantizer).
///
/// The gradient is straight-through to the normalized latent and exact through the normalization: the component along
/// the latent is removed, and the rest is divided by the latent's length. The gradient of a zero latent is zero. (The
/// published code scales the gradient by a further `1 / sqrt(C)`.) There is no parameter.
///
/// The loss is `commitment * mean |u - sg(c)|^2` plus the [entropy terms](BitEntropyConfig) of the normalized latents
/// `u`, also in [`Mode::Eval`]. It is zero on codes only if the entropy terms are off.
/// vector-quantize-pytorch divides the commitment term by the number of channels. The published code divides both
/// entropy terms by the inverse temperature and, unless its option `analytical` is set, the per-sample entropy by the
/// number of groups.
///
/// Codes are `Float` for every dtype of the latents.
#[derive(Debug)]
pub struct BsqQuantizer {
    config: BsqConfig,
    scale: f64,
    ids: BitIds,
    layout: Layout,
}

impl BsqQuantizer {
    /// Quantizes latents with [`BsqConfig::bits`] channels.
    ///
    /// # Errors
    /// [`CoreError::Option`] if there is no bit, if an id would have none or more than 62, if all ids together would
    /// take more than 2^62 values, or if another option is invalid.
    pub fn new(config: BsqConfig) -> Result<Self, CoreError> {
        const OP: &str = "BsqQuantizer::new";
        let ids = BitIds::new(OP, config.bits, config.bits_per_id)?;
        check_not_negative(OP, "commitment weight", config.commitment)?;
        config.entropy.check(OP)?;
        // Rounded as the normalization rounds, so that codes have distance zero from themselves.
        let scale = f64::from(1.0 / (config.bits as f32).sqrt());
        Ok(Self { config, scale, layout: ids.layout(), ids })
    }
}

impl Quantizer for BsqQuantizer {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn quantize_masked(&self, latents: &Tensor, mask: Option<&Tensor>, _mode: Mode) -> Result<Quantized, CoreError> {
        const OP: &str = "BsqQuantizer::quantize";
        let BsqConfig { commitment, entropy, .. } = &self.config;
        let rows = float_rows(OP, &self.layout, latents)?;
        let mask = Mask::new(OP, mask, latents)?;
        // The signs are those of the latents: the normalization can round a small element to zero.
        let bits = rows.gt(0.0);
        let codes = signs(&bits, self.scale);
        let normalized = normalize_rows(&rows);
        let distance = mask.mean(&(&normalized - &codes).square().sum_dim_intlist(1, false, None::<Kind>));
        Ok(Quantized {
            codes: grid_of(&straight_through(&normalized, &codes), latents),
            indices: ids_of(&self.ids.pack(&bits), latents),
            loss: distance * *commitment + entropy.loss(&normalized, self.scale, &mask),
            live: None,
        })
    }

    fn lookup(&self, indices: &Tensor) -> Result<Tensor, CoreError> {
        self.layout.check_indices("BsqQuantizer::lookup", indices)?;
        let codes = signs(&self.ids.unpack(indices), self.scale);
        Ok(codes.permute([0, 3, 1, 2]).contiguous())
    }
}
