//! Vectors in the order and the precision that a kernel reads them in.
#![allow(clippy::needless_range_loop, reason = "a lane is an index into several arrays")]

use std::hint::black_box;

use crate::Distance;

use super::judge::Real;

/// Elements that are worked on together: vectors are padded with zeros to a multiple.
const LANES: usize = 16;

/// Half a unit in the last place of f32, relative.
const ROUND: f64 = 1.0 / (1 << 24) as f64;

/// Vectors longer than this, in the frame, are left to the exhaustive search: their products may overflow.
const LONGEST: f64 = 1e18;

/// The precision of a filter's products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    /// f32: one element per 32-bit word.
    F32,
    /// bfloat16, rounded to nearest: two per word.
    Bf16,
    /// Bytes with one scale per row and one per panel of codes: four per word. Those of codes are shifted by 128.
    I8,
}

impl Element {
    /// Words of a vector of `width` elements.
    pub(super) fn words(self, width: usize) -> usize {
        width.div_ceil(self.per_word())
    }

    fn per_word(self) -> usize {
        match self {
            Self::F32 => 1,
            Self::Bf16 => 2,
            Self::I8 => 4,
        }
    }
}

/// What is known of a row beside its words, in the frame's units; lane `r` is row `r` of a panel.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Row {
    /// Upper bound of the length, before packing and after.
    pub(super) length: f32,
    /// Upper bound of the length of what packing took away.
    pub(super) lost: f32,
    /// The value of one unit of a byte.
    pub(super) step: f32,
    /// What a sum of products with shifted bytes starts from, to undo the shift.
    pub(super) start: i32,
    /// Error whatever the code.
    pub(super) grain: f32,
}

/// Most codes in a panel.
pub(super) const MOST_CODES: usize = 32;

/// What is known of a panel of codes beside their words, in the frame's units; lane `c` is code `c` of the panel.
///
/// The score of a row and a code, `bias - z.e`, is computed up to the margin
/// `row.lost * reach + row.length * blur + code.grain + row.grain` (see [`Frame::margin`]).
#[derive(Debug, Clone)]
#[repr(C, align(64))]
pub(super) struct CodePanel {
    /// The part of the score that no row changes; infinite in lanes without a code.
    pub(super) bias: [f32; MOST_CODES],
    /// The value of one unit of a byte.
    pub(super) step: [f32; MOST_CODES],
    /// The codes' margins.
    pub(super) margins: [Margin; MOST_CODES],
    /// Above the margin of each code.
    pub(super) widest: Margin,
    /// The codes' ids.
    pub(super) ids: [u32; MOST_CODES],
}

/// What a code adds to the error of scores.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Margin {
    /// Error for each unit of what a row lost: the code's length.
    pub(super) reach: f32,
    /// Error for each unit of a row's length.
    pub(super) blur: f32,
    /// Error whatever the row.
    pub(super) grain: f32,
}

impl CodePanel {
    /// A panel without codes.
    pub(super) fn empty() -> Self {
        Self {
            bias: [f32::INFINITY; MOST_CODES],
            step: [0.0; MOST_CODES],
            margins: [Margin::default(); MOST_CODES],
            widest: Margin::default(),
            ids: [0; MOST_CODES],
        }
    }

    /// Whether a code is so long that no margin holds.
    pub(super) fn is_hopeless(&self) -> bool {
        self.widest.reach.is_nan() || f64::from(self.widest.reach) > LONGEST
    }
}

impl Margin {
    /// Upper bound of the error of the score with a row.
    #[inline(always)]
    pub(super) fn with(&self, lost: f32, length: f32, grain: f32) -> f32 {
        lost * self.reach + (length * self.blur + (self.grain + grain))
    }

    fn max(self, other: Self) -> Self {
        Self {
            reach: max(self.reach, other.reach),
            blur: max(self.blur, other.blur),
            grain: max(self.grain, other.grain),
        }
    }
}

impl Row {
    /// Whether the row is so long that no margin holds.
    pub(super) fn is_hopeless(&self) -> bool {
        self.length.is_nan() || f64::from(self.length) > LONGEST
    }
}

/// How the numbers of a problem are moved to where a filter is most precise; no ranking changes by it.
pub(super) struct Frame {
    distance: Distance,
    /// A power of two that brings typical codes near length one.
    scale: f64,
    /// `[D]`: about the middle of the codes, scaled. L2 distances do not depend on the origin, but products do.
    middle: Vec<f64>,
}

// `black_box` around partial sums: seen through, the reduction would make the compiler hold them in pairs.

/// Sums over a framed vector `v`.
struct Framed {
    /// `v.v`
    square: f64,
    /// `v.middle`
    along: f64,
}

impl Frame {
    /// Looks at a sample of the codes `[K, D]`, row after row.
    ///
    /// The middle is the median of each element, and the scale that of the median length, since in a collapsed codebook
    /// a few codes are far longer than the many that died together.
    pub(super) fn new<T: Real>(distance: Distance, codes: &[T], width: usize) -> Self {
        const SAMPLE: usize = 63;
        let stride = (codes.len() / width).div_ceil(SAMPLE);
        let sample: Vec<Vec<f64>> = codes
            .chunks_exact(width)
            .step_by(stride)
            .map(|code| {
                let scale = unit_scale(distance, code);
                code.iter().map(|&value| value.into() * scale).collect()
            })
            .collect();
        let mut middle: Vec<f64> = (0..width).map(|element| median(sample.iter().map(|code| code[element]))).collect();
        let square = |code: &Vec<f64>| code.iter().zip(&middle).map(|(value, middle)| (value - middle).powi(2)).sum();
        let scale = match median(sample.iter().map(square)).sqrt().log2().round() {
            exponent if exponent.is_finite() => (-exponent).exp2(),
            _ => 1.0,
        };
        middle.iter_mut().for_each(|middle| *middle *= scale);
        Self { distance, scale, middle }
    }

    /// Number of elements of a vector.
    fn width(&self) -> usize {
        self.middle.len()
    }

    /// Error of sums of `D` rounded products, relative to the sum of their absolute values: `D + 1` additions and as
    /// many products, each rounded once, twice over for good measure.
    fn rounding(&self) -> f64 {
        (self.width() + 8) as f64 * 4.0 * ROUND
    }

    /// Error of the deciding distance (see [`super::judge`]), in two parts, by the length of a vector and of a code:
    /// a sum of rounded squares that is at most twice the sum of both squared lengths.
    fn judging(&self, length: f64) -> f64 {
        let square = match self.distance {
            Distance::L2 => length * length,
            Distance::Cosine => self.scale * self.scale,
        };
        (self.width() + 8) as f64 * 8.0 * f64::EPSILON * square
    }

    /// Moves `vector` into the frame: `out` is `[D]`, rounded to f32, and zeros up to a multiple of [`LANES`].
    #[inline(always)]
    fn enter<T: Real>(&self, vector: &[T], out: &mut [f32]) -> Framed {
        let scale = self.scale * unit_scale(self.distance, vector);
        let (mut square, mut along) = ([0.0; LANES], [0.0; LANES]);
        let mut add = |lane: usize, out: &mut f32, value: T, middle: f64| {
            let value = value.into() * scale - middle;
            square[lane] += value * value;
            along[lane] += value * middle;
            *out = value as f32;
        };
        let (vectors, vector_rest) = vector.as_chunks::<LANES>();
        let (middles, middle_rest) = self.middle.as_chunks::<LANES>();
        let outs = out.as_chunks_mut::<LANES>().0;
        for ((out, vector), middle) in outs.iter_mut().zip(vectors).zip(middles) {
            for lane in 0..LANES {
                add(lane, &mut out[lane], vector[lane], middle[lane]);
            }
        }
        let out_rest = outs.get_mut(vectors.len()).into_iter().flatten();
        for (lane, ((out, &value), &middle)) in out_rest.zip(vector_rest).zip(middle_rest).enumerate() {
            add(lane, out, value, middle);
        }
        Framed { square: black_box(square).iter().sum(), along: black_box(along).iter().sum() }
    }

    /// Packs a panel of at most `lanes` rows: `words` is `[words of a vector, lanes]`.
    #[inline(always)]
    pub(super) fn pack_rows<'a, T: Real + 'a>(
        &self,
        element: Element,
        rows: impl Iterator<Item = &'a [T]>,
        lanes: usize,
        words: &mut [u32],
        packed: &mut [Row],
        scratch: &mut Vec<f32>,
    ) {
        scratch.clear();
        scratch.resize(self.width().next_multiple_of(LANES), 0.0);
        words.fill(0);
        for (lane, (row, packed)) in rows.zip(packed).enumerate() {
            let framed = self.enter(row, scratch);
            let step = if element == Element::I8 { largest(scratch) / 127.0 } else { 0.0 };
            let written = write(element, scratch, step, 1.0, 0, &mut words[lane..], lanes);
            let length = framed.square.sqrt();
            let lost = self.lost(length, written.lost);
            *packed = Row {
                length: up(length + lost),
                lost: up(lost),
                step,
                start: written.sum.wrapping_mul(-128),
                grain: up(self.judging(length)),
            };
        }
    }

    /// Packs a panel of codes: `words` is `[words of a vector, lanes]`.
    #[inline(always)]
    pub(super) fn pack_codes<'a, T: Real + 'a>(
        &self,
        element: Element,
        codes: impl Iterator<Item = (u32, &'a [T])>,
        lanes: usize,
        words: &mut [u32],
        panel: &mut CodePanel,
        scratch: &mut Vec<f32>,
    ) {
        scratch.clear();
        scratch.resize(self.width().next_multiple_of(LANES), 0.0);
        words.fill(0);
        *panel = CodePanel::empty();
        // The sign of the product in the score: bytes are subtracted by the kernel.
        let sign = if element == Element::I8 { 1.0 } else { -1.0 };
        for (lane, (id, code)) in codes.enumerate() {
            let framed = self.enter(code, scratch);
            let step = if element == Element::I8 { largest(scratch) / 127.0 } else { 0.0 };
            let written = write(element, scratch, step, sign, 128, &mut words[lane..], lanes);
            let length = framed.square.sqrt();
            // L2: |z - e|^2 / 2 is, but for |z|^2 / 2, which is the row's own, |e|^2 / 2 - z.e.
            // Cosine: with Z and E the unit vectors and m the middle, z.e = (Z - m).(E - m), so that -Z.E is, but for
            // what is the row's own, -m.e - z.e.
            let bias = match self.distance {
                Distance::L2 => framed.square / 2.0,
                Distance::Cosine => -framed.along,
            };
            panel.bias[lane] = bias as f32;
            panel.step[lane] = step;
            panel.margins[lane] = self.margin(length, self.lost(length, written.lost), bias.abs());
            panel.widest = panel.widest.max(panel.margins[lane]);
            panel.ids[lane] = id;
        }
    }

    /// The length of a vector, rounded to f32.
    #[inline(always)]
    pub(super) fn length<T: Real>(&self, vector: &[T], scratch: &mut Vec<f32>) -> f32 {
        scratch.clear();
        scratch.resize(self.width().next_multiple_of(LANES), 0.0);
        self.enter(vector, scratch).square.sqrt() as f32
    }

    /// The margin of scores with a code of this length and bias that lost so much.
    ///
    /// With hats for what is packed, `|z.e - ẑ.ê| <= |z - ẑ| |e| + |ẑ| |e - ê|`.
    /// To it come the rounding of the sum, relative to `|bias| + |ẑ| |ê|`, and that of the deciding distance.
    fn margin(&self, length: f64, lost: f64, bias: f64) -> Margin {
        let reach = length + lost;
        Margin {
            reach: up(reach),
            blur: up(lost + self.rounding() * reach),
            grain: up(self.rounding() * bias + self.judging(reach) + 1e-36),
        }
    }

    /// What rounding to f32 and then packing takes from a vector of this length; bfloat16's products take numbers
    /// below f32's normal range for zero.
    fn lost(&self, length: f64, packing: f64) -> f64 {
        packing + ROUND * length + self.width() as f64 * f64::from(f32::MIN_POSITIVE)
    }
}

/// What [`write`] did.
struct Written {
    /// Length of the difference between the vector and its packed form.
    lost: f64,
    /// Sum of the bytes of [`Element::I8`], not shifted.
    sum: i32,
}

/// Writes `sign * vector`, `[D]` and zeros, as words `stride` apart; bytes are in units of `step`, shifted by `shift`.
#[inline(always)]
fn write(
    element: Element,
    vector: &[f32],
    step: f32,
    sign: f32,
    shift: i32,
    words: &mut [u32],
    stride: usize,
) -> Written {
    let mut words = words.iter_mut().step_by(stride);
    let mut put = |word: u32| {
        if let Some(place) = words.next() {
            *place = word;
        }
    };
    let per_step = if step > 0.0 { 1.0 / step } else { 0.0 };
    let (mut lost, mut sums) = ([0.0_f32; LANES], [0_i32; LANES]);
    for part in vector.as_chunks::<LANES>().0 {
        match element {
            Element::F32 => part.iter().for_each(|value| put((sign * value).to_bits())),
            Element::Bf16 => {
                let halves = part.map(|value| bf16_bits(sign * value));
                for lane in 0..LANES {
                    lost[lane] += (f32::from_bits(halves[lane] << 16) - sign * part[lane]).powi(2);
                }
                halves.as_chunks::<2>().0.iter().for_each(|[low, high]| put(low | high << 16));
            }
            Element::I8 => {
                // Numbers this large have no fraction: the sum is rounded to whole steps, ties to even, and its lowest
                // bits are the number of steps.
                const WHOLE: f32 = 12_582_912.0; // 1.5 * 2^23
                let rounded = part.map(|value| sign * value * per_step + WHOLE);
                let steps = rounded.map(|rounded| rounded.to_bits().wrapping_sub(WHOLE.to_bits()).cast_signed());
                for lane in 0..LANES {
                    lost[lane] += ((rounded[lane] - WHOLE) * step - sign * part[lane]).powi(2);
                    sums[lane] = sums[lane].wrapping_add(steps[lane]);
                }
                let bytes = steps.map(|steps| steps.wrapping_add(shift) as u8);
                bytes.as_chunks::<4>().0.iter().for_each(|&four| put(u32::from_le_bytes(four)));
            }
        }
    }
    Written {
        lost: length_of(black_box(lost).iter().sum(), vector.len()),
        sum: black_box(sums).into_iter().fold(0, i32::wrapping_add),
    }
}

/// The upper 16 bits of the bfloat16 nearest to `value`, ties to even.
#[inline(always)]
fn bf16_bits(value: f32) -> u32 {
    let bits = value.to_bits();
    bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16
}

/// Upper bound of a length from its square, summed over `count` elements in f32.
fn length_of(square: f32, count: usize) -> f64 {
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

/// The middle one of some numbers.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    let half = values.len() / 2;
    *values.select_nth_unstable_by(half, f64::total_cmp).1
}

/// The larger of two, where NaN is larger than all.
fn max(left: f32, right: f32) -> f32 {
    if right > left || right.is_nan() { right } else { left }
}

/// Rounded to f32, and a little more.
fn up(value: f64) -> f32 {
    (value * (1.0 + 4.0 * ROUND)) as f32
}

/// One, or one over the length where only the direction counts; zero for a vector of zeros.
#[inline(always)]
fn unit_scale<T: Real>(distance: Distance, vector: &[T]) -> f64 {
    match distance {
        Distance::L2 => 1.0,
        Distance::Cosine => {
            let (parts, rest) = vector.as_chunks::<LANES>();
            let mut lanes = [0.0; LANES];
            for part in parts {
                for lane in 0..LANES {
                    lanes[lane] += part[lane].into() * part[lane].into();
                }
            }
            let square = rest.iter().map(|&value| value.into() * value.into()).chain(lanes).sum::<f64>();
            if square > 0.0 { 1.0 / square.sqrt() } else { 0.0 }
        }
    }
}
