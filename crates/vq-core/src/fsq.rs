//! Finite scalar quantizer.

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use crate::rows::{Mask, float_rows, grid_of, ids_of};
use crate::{CoreError, Layout, Mode, Quantized, Quantizer, Slot, straight_through};

/// Up to this many levels, the bounds' margin reaches every level and no other.
const MOST_LEVELS: i64 = 1000;

/// Ids beyond it leave no room to reckon with them.
const MOST_CODES: i64 = 1 << 62;

/// By how much of its width the bound misses or exceeds the outermost levels.
const MARGIN: f64 = 1e-3;

/// How a latent is squeezed into the range of its levels. The three give different ids for the same latents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FsqBound {
    /// `tanh(z + tan(o / h)) h - o` with `h = (L - 1)(1 - 0.001) / 2`, and `o = 0.5` for an even `L`, else 0; that is
    /// the paper's (appendix A.1).
    #[default]
    Paper,
    /// `tanh(z + atanh(o / h)) h - o` with `h = (L - 1)(1 + 0.001) / 2`: a latent of zero is squeezed to zero also
    /// where `L` is even. This is what vector-quantize-pytorch computes. It takes three levels or more.
    Centered,
    /// `tanh(z) (L - 1) / 2`, and the levels lie symmetric around zero also where `L` is even (arXiv 2411.19842,
    /// section 3.2; `preserve_symmetry` in vector-quantize-pytorch).
    Symmetric,
}

/// Options of an [`FsqQuantizer`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FsqConfig {
    /// `L`, the levels of each channel: 2 to 1000.
    pub levels: Vec<i64>,
    /// How a latent is squeezed into the range of its levels.
    #[serde(default)]
    pub bound: FsqBound,
}

/// Rounds each channel to one of a few levels (FSQ, arXiv 2309.15505, section 3.1 and appendix A.1).
///
/// There are as many channels as entries in [`FsqConfig::levels`], and one id per position: the number whose digits are
/// the levels, the first channel's being the lowest. `K` is the product of the levels.
///
/// Codes lie in `-1..=1`: a level's distance from the middle one, divided by half their number (rounded down).
/// With [`FsqBound::Symmetric`] they are `L` evenly spaced numbers from -1 to 1.
///
/// There is no loss, and no parameter.
/// The gradient passes straight through the rounding but not through the bound: a latent gets the upstream gradient
/// times the slope of the bound, over half the number of levels.
/// For the same reason codes are no fixed points: quantizing a code squeezes it again.
///
/// Codes are `Float`, whatever the kind of the latents.
#[derive(Debug)]
pub struct FsqQuantizer {
    scales: Vec<Scale>,
    layout: Layout,
}

/// The levels of one channel: `tanh(z + shift) * stretch - offset` is rounded to a level, counted from `middle`.
#[derive(Debug, Clone, Copy)]
struct Scale {
    levels: i64,
    /// The place of the channel's digit in the id.
    place: i64,
    shift: f64,
    stretch: f64,
    offset: f64,
    middle: f64,
    /// Levels from the middle to the code 1.
    half: f64,
}

impl Scale {
    fn new(bound: FsqBound, levels: i64, place: i64) -> Self {
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
        Self { levels, place, shift, stretch, offset, middle, half }
    }
}

impl FsqQuantizer {
    /// Quantizes latents of as many channels as there are levels.
    ///
    /// # Errors
    /// [`CoreError::Option`] if there are no levels, if a channel has fewer than 2 (3 with [`FsqBound::Centered`]) or
    /// more than 1000 of them, or if there are more than 2^62 codes.
    pub fn new(config: FsqConfig) -> Result<Self, CoreError> {
        const OP: &str = "FsqQuantizer::new";
        let FsqConfig { levels, bound } = config;
        let refuse = |expected: String| Err(CoreError::Option { op: OP, expected, got: format!("{levels:?}") });
        let least = if bound == FsqBound::Centered { 3 } else { 2 };
        if levels.is_empty() || levels.iter().any(|count| !(least..=MOST_LEVELS).contains(count)) {
            return refuse(format!("{least} to {MOST_LEVELS} levels for each of one or more channels"));
        }
        let mut codes = 1_i64;
        let mut scales = Vec::with_capacity(levels.len());
        for &count in &levels {
            scales.push(Scale::new(bound, count, codes));
            codes = match codes.checked_mul(count) {
                Some(product) if product <= MOST_CODES => product,
                _ => return refuse("levels whose product is at most 2^62".into()),
            };
        }
        let slots = vec![Slot { group: "code".into(), codes: 0..codes }];
        let layout = Layout { channels: levels.len() as i64, codes, slots };
        Ok(Self { scales, layout })
    }

    /// One number of each channel, `[C]`.
    fn floats(&self, number: impl Fn(&Scale) -> f64, device: Device) -> Tensor {
        let numbers: Vec<f32> = self.scales.iter().map(|scale| number(scale) as f32).collect();
        Tensor::from_slice(&numbers).to_device(device)
    }

    fn integers(&self, number: impl Fn(&Scale) -> i64, device: Device) -> Tensor {
        let numbers: Vec<i64> = self.scales.iter().map(number).collect();
        Tensor::from_slice(&numbers).to_device(device)
    }

    /// Codes `[.., C]` of the digits `[.., C]` of ids; quantization and lookup share it, so that they round alike.
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
        let squeezed = (rows + floats(|scale| scale.shift)).tanh() * floats(|scale| scale.stretch);
        let bounded = squeezed - floats(|scale| scale.offset);
        let digits = (bounded.detach() + floats(|scale| scale.middle + 0.5)).floor();
        let codes = straight_through(&(bounded / floats(|scale| scale.half)), &self.codes_of(&digits));
        let places = self.integers(|scale| scale.place, device);
        let ids = (digits.to_kind(Kind::Int64) * places).sum_dim_intlist(1, true, Kind::Int64); // [N, 1]
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
        let places = self.integers(|scale| scale.place, device);
        let levels = self.integers(|scale| scale.levels, device);
        let digits = indices.divide_tensor_mode(&places, "floor").remainder_tensor(&levels); // [B, H, W, C]
        Ok(self.codes_of(&digits).permute([0, 3, 1, 2]).contiguous())
    }
}
