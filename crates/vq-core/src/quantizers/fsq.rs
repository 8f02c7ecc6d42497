//! Finite scalar quantizer.

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use super::gradient::straight_through;
use super::rows::{float_rows, grid_of, ids_of};
use crate::contract::{Layout, Mode, Quantized, Quantizer, Slot};
use crate::error::CoreError;
use crate::mask::Mask;

/// Up to this many levels, a bound with [`MARGIN`] rounds to every level and to no other.
const MAX_LEVELS: i64 = 1000;

/// Above it, arithmetic on ids could overflow.
const MAX_CODES: i64 = 1 << 62;

/// Relative distance between the range of the bound and the outermost levels.
const MARGIN: f64 = 1e-3;

/// The function that bounds a latent to the range of its levels. Each gives different ids for the same latents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FsqBound {
    /// `tanh(z + tan(o / h)) h - o` with `h = (L - 1)(1 - 0.001) / 2`, and `o = 0.5` for even `L`, else 0, as in
    /// the paper (appendix A.1).
    #[default]
    Paper,
    /// `tanh(z + atanh(o / h)) h - o` with `h = (L - 1)(1 + 0.001) / 2`: zero is mapped to zero also for even `L`.
    /// vector-quantize-pytorch uses this bound. It needs at least three levels.
    Centered,
    /// `tanh(z) (L - 1) / 2`: the levels are symmetric around zero also for even `L` (arXiv 2411.19842, section 3.2;
    /// `preserve_symmetry` in vector-quantize-pytorch).
    Symmetric,
}

/// Options of an [`FsqQuantizer`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FsqConfig {
    /// `L`, the number of levels of each channel: 2 to 1000.
    pub levels: Vec<i64>,
    /// The function that bounds a latent to the range of its levels.
    #[serde(default)]
    pub bound: FsqBound,
}

/// Rounds each channel to one of a few levels (FSQ, arXiv 2309.15505, section 3.1 and appendix A.1).
///
/// There is one channel per entry of [`FsqConfig::levels`], and one id per position: a mixed-radix number whose digits
/// are the levels, with the first channel as the lowest digit. `K` is the product of the numbers of levels.
///
/// Codes are in `-1..=1`: the distance of a level from the middle level, divided by half the number of levels (rounded
/// down). With [`FsqBound::Symmetric`] they are `L` evenly spaced numbers from -1 to 1.
///
/// There is no loss and no parameter.
/// The gradient of the rounding is straight-through, that of the bound is exact: a latent gets the upstream gradient
/// times the slope of the bound, divided by half the number of levels.
/// Codes are not fixed points: quantizing a code applies the bound again.
///
/// Codes are `Float` for every dtype of the latents.
#[derive(Debug)]
pub struct FsqQuantizer {
    scales: Vec<Scale>,
    layout: Layout,
}

/// The levels of one channel: `tanh(z + shift) * stretch - offset` is rounded to a level, counted from `middle`.
#[derive(Debug, Clone, Copy)]
struct Scale {
    levels: i64,
    /// The factor of the channel's digit in the id.
    radix: i64,
    shift: f64,
    stretch: f64,
    offset: f64,
    middle: f64,
    /// Levels between the middle and the code 1.
    half: f64,
}

impl Scale {
    fn new(bound: FsqBound, levels: i64, radix: i64) -> Self {
        let count = levels as f64;
        let (middle, half, offset) = match bound {
            FsqBound::Symmetric => ((count - 1.0) / 2.0, (count - 1.0) / 2.0, 0.0),
            _ => ((levels / 2) as f64, (levels / 2) as f64, if levels % 2 == 0 { 0.5 } else { 0.0 }),
        };
        let stretch = (count - 1.0) / 2.0
            * match bound {
                FsqBound::Paper => 1.0 - MARGIN,
                FsqBound::Centered => 1.0 + MARGIN,
                FsqBound::Symmetric => 1.0,
            };
        let shift = match bound {
            FsqBound::Paper => (offset / stretch).tan(),
            FsqBound::Centered => (offset / stretch).atanh(),
            FsqBound::Symmetric => 0.0,
        };
        Self { levels, radix, shift, stretch, offset, middle, half }
    }
}

impl FsqQuantizer {
    /// Quantizes latents with one channel per entry of [`FsqConfig::levels`].
    ///
    /// # Errors
    /// [`CoreError::Option`] if there are no levels, if a channel has fewer than 2 (3 with [`FsqBound::Centered`]) or
    /// more than 1000 of them, or if there are more than 2^62 codes.
    pub fn new(config: FsqConfig) -> Result<Self, CoreError> {
        const OP: &str = "FsqQuantizer::new";
        let FsqConfig { levels, bound } = config;
        let refuse = |expected: String| Err(CoreError::Option { op: OP, expected, got: format!("{levels:?}") });
        let min = if bound == FsqBound::Centered { 3 } else { 2 };
        if levels.is_empty() || levels.iter().any(|count| !(min..=MAX_LEVELS).contains(count)) {
            return refuse(format!("{min} to {MAX_LEVELS} levels for each of one or more channels"));
        }
        let mut codes = 1_i64;
        let mut scales = Vec::with_capacity(levels.len());
        for &count in &levels {
            scales.push(Scale::new(bound, count, codes));
            codes = match codes.checked_mul(count) {
                Some(product) if product <= MAX_CODES => product,
                _ => return refuse("levels whose product is at most 2^62".into()),
            };
        }
        let slots = vec![Slot { group: "code".into(), codes: 0..codes }];
        let layout = Layout { channels: levels.len() as i64, codes, slots };
        Ok(Self { scales, layout })
    }

    /// One number per channel, `[C]`, `Float`.
    fn floats(&self, number: impl Fn(&Scale) -> f64, device: Device) -> Tensor {
        let numbers: Vec<f32> = self.scales.iter().map(|scale| number(scale) as f32).collect();
        Tensor::from_slice(&numbers).to_device(device)
    }

    /// One number per channel, `[C]`, `Int64`.
    fn integers(&self, number: impl Fn(&Scale) -> i64, device: Device) -> Tensor {
        let numbers: Vec<i64> = self.scales.iter().map(number).collect();
        Tensor::from_slice(&numbers).to_device(device)
    }

    /// Codes `[.., C]` of the digits `[.., C]` of ids. Quantization and lookup share this function, so that they round
    /// alike.
    fn codes_of(&self, digits: &Tensor) -> Tensor {
        let device = digits.device();
        let half = self.floats(|scale| scale.half, device);
        (digits.to_kind(Kind::Float) - self.floats(|scale| scale.middle, device)) / half
    }
}

impl Quantizer for FsqQuantizer {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn quantize_masked(&self, latents: &Tensor, mask: Option<&Tensor>, _mode: Mode) -> Result<Quantized, CoreError> {
        const OP: &str = "FsqQuantizer::quantize";
        let rows = float_rows(OP, &self.layout, latents)?;
        Mask::new(OP, mask, latents)?;
        let device = rows.device();
        let floats = |number: fn(&Scale) -> f64| self.floats(number, device);
        let scaled = (rows + floats(|scale| scale.shift)).tanh() * floats(|scale| scale.stretch);
        let bounded = scaled - floats(|scale| scale.offset);
        let digits = (bounded.detach() + floats(|scale| scale.middle + 0.5)).floor();
        let codes = straight_through(&(bounded / floats(|scale| scale.half)), &self.codes_of(&digits));
        let radices = self.integers(|scale| scale.radix, device);
        let ids = (digits.to_kind(Kind::Int64) * radices).sum_dim_intlist(1, true, Kind::Int64); // [N, 1]
        Ok(Quantized {
            codes: grid_of(&codes, latents),
            indices: ids_of(&ids, latents),
            loss: Tensor::zeros([], (Kind::Float, device)),
            live: None,
        })
    }

    fn lookup(&self, indices: &Tensor) -> Result<Tensor, CoreError> {
        self.layout.check_indices("FsqQuantizer::lookup", indices)?;
        let device = indices.device();
        let radices = self.integers(|scale| scale.radix, device);
        let levels = self.integers(|scale| scale.levels, device);
        let digits = indices.divide_tensor_mode(&radices, "floor").remainder_tensor(&levels); // [B, H, W, C]
        Ok(self.codes_of(&digits).permute([0, 3, 1, 2]).contiguous())
    }
}
