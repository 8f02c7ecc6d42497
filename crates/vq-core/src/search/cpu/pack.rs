//! Packing of rows and codes in the order and precision of a kernel, with bounds of the error.
#![allow(clippy::needless_range_loop, reason = "a lane is an index into several arrays")]

use std::hint::black_box;

use super::centering::{Centering, LANES};
use super::exact::Real;
use super::panel::{CodePanel, Margin, Precision, Row};
use crate::distance::Distance;

/// Half a unit in the last place of f32, relative.
const ROUND: f64 = 1.0 / (1 << 24) as f64;

/// Packs a panel of at most `lanes` rows: `words` is `[words of a vector, lanes]`.
#[inline(always)]
pub(super) fn pack_rows<'a, T: Real + 'a>(
    centering: &Centering,
    precision: Precision,
    rows: impl Iterator<Item = &'a [T]>,
    lanes: usize,
    words: &mut [u32],
    packed: &mut [Row],
    scratch: &mut Vec<f32>,
) {
    scratch.clear();
    scratch.resize(centering.padded_dim(), 0.0);
    words.fill(0);
    for (lane, (row, packed)) in rows.zip(packed).enumerate() {
        let sums = centering.apply(row, scratch);
        let step = if precision == Precision::I8 { largest(scratch) / 127.0 } else { 0.0 };
        let written = write(precision, scratch, step, 1.0, 0, &mut words[lane..], lanes);
        let norm = sums.square.sqrt();
        let error = packing_error(centering, norm, written.error);
        *packed = Row {
            norm: round_up(norm + error),
            packing_error: round_up(error),
            step,
            start: written.sum.wrapping_mul(-128),
            rounding: round_up(centering.exact_rounding(norm)),
        };
    }
}

/// Packs a panel of codes: `words` is `[words of a vector, lanes]`.
#[inline(always)]
pub(super) fn pack_codes<'a, T: Real + 'a>(
    centering: &Centering,
    precision: Precision,
    codes: impl Iterator<Item = (u32, &'a [T])>,
    lanes: usize,
    words: &mut [u32],
    panel: &mut CodePanel,
    scratch: &mut Vec<f32>,
) {
    scratch.clear();
    scratch.resize(centering.padded_dim(), 0.0);
    words.fill(0);
    *panel = CodePanel::empty();
    // The sign of the product in the score. The kernel for bytes subtracts the product itself.
    let sign = if precision == Precision::I8 { 1.0 } else { -1.0 };
    for (lane, (id, code)) in codes.enumerate() {
        let sums = centering.apply(code, scratch);
        let step = if precision == Precision::I8 { largest(scratch) / 127.0 } else { 0.0 };
        let written = write(precision, scratch, step, sign, 128, &mut words[lane..], lanes);
        let norm = sums.square.sqrt();
        // L2: |z - e|^2 / 2 equals |e|^2 / 2 - z.e up to |z|^2 / 2, which is constant in a row.
        // Cosine: with Z and E the unit vectors and m the center, z.e = (Z - m).(E - m), so -Z.E equals -m.e - z.e up
        // to a term that is constant in a row.
        let bias = match centering.distance() {
            Distance::L2 => sums.square / 2.0,
            Distance::Cosine => -sums.dot_center,
        };
        panel.bias[lane] = bias as f32;
        panel.step[lane] = step;
        panel.margins[lane] = margin(centering, norm, packing_error(centering, norm, written.error), bias.abs());
        panel.widest = panel.widest.max(panel.margins[lane]);
        panel.ids[lane] = id;
    }
}

/// The margin of scores with a code of this norm, packing error and bias.
///
/// With hats for packed vectors, `|z.e - ẑ.ê| <= |z - ẑ| |e| + |ẑ| |e - ê|`.
/// Added to it are the rounding of the sum, relative to `|bias| + |ẑ| |ê|`, and that of the exact distance.
fn margin(centering: &Centering, norm: f64, error: f64, bias: f64) -> Margin {
    let packed_norm = norm + error;
    let rounding = sum_rounding(centering);
    Margin {
        norm: round_up(packed_norm),
        error: round_up(error + rounding * packed_norm),
        rounding: round_up(rounding * bias + centering.exact_rounding(packed_norm) + 1e-36),
    }
}

/// Error of sums of `D` rounded products, relative to the sum of their absolute values: `D + 1` additions and as many
/// products, each rounded once, times a safety factor of two.
fn sum_rounding(centering: &Centering) -> f64 {
    (centering.dim() + 8) as f64 * 4.0 * ROUND
}

/// Error of rounding a vector of this norm to f32 and then packing it. Products of bfloat16 flush subnormal numbers of
/// f32 to zero.
fn packing_error(centering: &Centering, norm: f64, packing: f64) -> f64 {
    packing + ROUND * norm + centering.dim() as f64 * f64::from(f32::MIN_POSITIVE)
}

/// The result of [`write`].
struct Written {
    /// Norm of the difference between the vector and its packed form.
    error: f64,
    /// Sum of the bytes of [`Precision::I8`], without shift.
    sum: i32,
}

/// Writes `sign * vector`, `[D]` and zeros, as words `stride` apart. Bytes are in units of `step`, shifted by `shift`.
#[inline(always)]
fn write(
    precision: Precision,
    vector: &[f32],
    step: f32,
    sign: f32,
    shift: i32,
    words: &mut [u32],
    stride: usize,
) -> Written {
    let mut words = words.iter_mut().step_by(stride);
    let mut put = |word: u32| {
        if let Some(slot) = words.next() {
            *slot = word;
        }
    };
    let per_step = if step > 0.0 { 1.0 / step } else { 0.0 };
    let (mut error, mut sums) = ([0.0_f32; LANES], [0_i32; LANES]);
    for part in vector.as_chunks::<LANES>().0 {
        match precision {
            Precision::F32 => part.iter().for_each(|value| put((sign * value).to_bits())),
            Precision::Bf16 => {
                let halves = part.map(|value| bf16_bits(sign * value));
                for lane in 0..LANES {
                    error[lane] += (f32::from_bits(halves[lane] << 16) - sign * part[lane]).powi(2);
                }
                halves.as_chunks::<2>().0.iter().for_each(|[low, high]| put(low | high << 16));
            }
            Precision::I8 => {
                // Numbers of this size have no fraction: the sum is rounded to whole steps, ties to even, and its
                // lowest bits are the number of steps.
                const WHOLE: f32 = 12_582_912.0; // 1.5 * 2^23
                let rounded = part.map(|value| sign * value * per_step + WHOLE);
                let steps = rounded.map(|rounded| rounded.to_bits().wrapping_sub(WHOLE.to_bits()).cast_signed());
                for lane in 0..LANES {
                    error[lane] += ((rounded[lane] - WHOLE) * step - sign * part[lane]).powi(2);
                    sums[lane] = sums[lane].wrapping_add(steps[lane]);
                }
                let bytes = steps.map(|steps| steps.wrapping_add(shift) as u8);
                bytes.as_chunks::<4>().0.iter().for_each(|&four| put(u32::from_le_bytes(four)));
            }
        }
    }
    Written {
        error: norm_bound(black_box(error).iter().sum(), vector.len()),
        sum: black_box(sums).into_iter().fold(0, i32::wrapping_add),
    }
}

/// The upper 16 bits of the bfloat16 nearest to `value`, ties to even.
#[inline(always)]
fn bf16_bits(value: f32) -> u32 {
    let bits = value.to_bits();
    bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16
}

/// Upper bound of a norm from its square, summed over `count` elements in f32.
fn norm_bound(square: f32, count: usize) -> f64 {
    f64::from(square).sqrt() * (1.0 + count as f64 * 2.0 * ROUND)
}

/// The largest absolute value.
#[inline(always)]
fn largest(values: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    for part in values.as_chunks::<LANES>().0 {
        for lane in 0..LANES {
            lanes[lane] = if part[lane].abs() > lanes[lane] { part[lane].abs() } else { lanes[lane] };
        }
    }
    lanes.into_iter().fold(0.0, f32::max)
}

/// An f32 that is at least `value`.
fn round_up(value: f64) -> f32 {
    (value * (1.0 + 4.0 * ROUND)) as f32
}
