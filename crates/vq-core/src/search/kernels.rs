//! The inner loops, one for each instruction set. The `unsafe` file of the search: vector loads and the calls into
//! functions that are compiled for more than the build's target.
#![allow(clippy::needless_range_loop, reason = "a lane or a register is an index into several arrays")]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

use super::candidates::Candidates;
use super::pack::{CodePanel, Element, MOST_CODES, Margin, Row};

/// Most rows that a kernel holds at once.
pub(super) const MOST_ROWS: usize = 16;

/// A way to compute scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kernel {
    pub(super) element: Element,
    instructions: Instructions,
}

/// What a kernel is compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Instructions {
    /// What every processor has.
    Portable,
    /// AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 F and BW, and what the element needs: BF16 or VNNI.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// A panel of rows: its words `[words, rows]`, and what was found so far.
pub(super) struct RowPanel<'a> {
    pub(super) words: &'a [u32],
    pub(super) rows: &'a [Row],
    pub(super) found: &'a mut [Candidates],
}

/// Panels of codes and their words, `[panels, words, codes]`.
#[derive(Clone, Copy)]
pub(super) struct CodePanels<'a> {
    pub(super) words: &'a [u32],
    pub(super) panels: &'a [CodePanel],
}

/// The rows' numbers, one lane each, as the kernels read them.
#[repr(C, align(64))]
struct Lanes {
    /// The bound of each row's `k`-th score; minus infinity once the row gave up.
    bound: [f32; MOST_ROWS],
    lost: [f32; MOST_ROWS],
    length: [f32; MOST_ROWS],
    grain: [f32; MOST_ROWS],
    step: [f32; MOST_ROWS],
    start: [i32; MOST_ROWS],
}

/// Scores of a tile that may matter, for [`Lanes::collect`].
#[repr(C, align(64))]
struct Tile {
    scores: [[f32; MOST_CODES]; MOST_ROWS],
    /// A bit for each code whose score is at or below the row's threshold, which has the panel's widest margin.
    hits: [u32; MOST_ROWS],
}

impl Kernel {
    /// Every kernel that this processor can run.
    #[cfg(test)]
    pub(super) fn all() -> Vec<Self> {
        let kernel = |element, instructions| Self { element, instructions };
        let mut kernels = vec![kernel(Element::F32, Instructions::Portable)];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                kernels.push(kernel(Element::F32, Instructions::Avx2));
            }
            let own = Self::cascade(FEWEST_FOR_BYTES).into_iter();
            kernels.extend(own.filter(|kernel| kernel.instructions == Instructions::Avx512));
        }
        kernels
    }

    /// The kernels of this processor, the fastest for vectors of `width` elements first; each next one is more precise.
    pub(super) fn cascade(width: usize) -> Vec<Self> {
        let kernel = |element, instructions| Self { element, instructions };
        let mut kernels = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") {
                let bytes =
                    is_x86_feature_detected!("avx512vnni") && (FEWEST_FOR_BYTES..=MOST_FOR_BYTES).contains(&width);
                if bytes {
                    kernels.push(kernel(Element::I8, Instructions::Avx512));
                }
                if is_x86_feature_detected!("avx512bf16") {
                    kernels.push(kernel(Element::Bf16, Instructions::Avx512));
                }
                kernels.push(kernel(Element::F32, Instructions::Avx512));
                return kernels;
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return vec![kernel(Element::F32, Instructions::Avx2)];
            }
        }
        kernels.push(kernel(Element::F32, Instructions::Portable));
        kernels
    }

    /// The instructions that plain code may be compiled for beside this processor's kernels.
    pub(super) fn instructions() -> Instructions {
        Self::cascade(1)[0].instructions
    }

    /// Rows and codes of a tile.
    pub(super) fn tile(self) -> TileShape {
        match self.instructions {
            Instructions::Portable => TileShape { rows: 4, codes: 8 },
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => TileShape { rows: 6, codes: 16 },
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => TileShape { rows: 14, codes: 32 },
        }
    }

    /// Adds to each row of the panel the codes that may be among its `k` nearest.
    pub(super) fn scan(self, k: usize, panel: &mut RowPanel<'_>, codes: CodePanels<'_>) {
        let shape = self.tile();
        let words = panel.words.len() / shape.rows;
        assert_eq!(panel.words.len(), words * shape.rows);
        assert_eq!(codes.words.len(), codes.panels.len() * words * shape.codes);
        assert!(panel.rows.len() <= shape.rows && panel.rows.len() == panel.found.len());
        let mut lanes = Lanes::new(k, panel);
        type Scan = unsafe fn(usize, usize, &mut Lanes, &mut RowPanel<'_>, CodePanels<'_>);
        let scan: Scan = match (self.instructions, self.element) {
            (Instructions::Portable, _) => scan_portable,
            #[cfg(target_arch = "x86_64")]
            (Instructions::Avx2, _) => scan_avx2,
            #[cfg(target_arch = "x86_64")]
            (Instructions::Avx512, Element::F32) => scan_f32,
            #[cfg(target_arch = "x86_64")]
            (Instructions::Avx512, Element::Bf16) => scan_bf16,
            #[cfg(target_arch = "x86_64")]
            (Instructions::Avx512, Element::I8) => scan_i8,
        };
        // SAFETY: `cascade` gives a kernel only where the processor has its instructions, and the slices are as long as
        // the asserts above say.
        unsafe { scan(words, k, &mut lanes, panel, codes) }
    }
}

/// Fewest elements for which bytes are faster than bfloat16: a tile of bytes must convert each sum.
#[cfg(target_arch = "x86_64")]
const FEWEST_FOR_BYTES: usize = 40;

/// Most elements whose products of bytes fit into 32 bits: `255 * 127 * D < 2^31`.
#[cfg(target_arch = "x86_64")]
const MOST_FOR_BYTES: usize = 1 << 15;

/// Rows and codes that a kernel holds in registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TileShape {
    pub(super) rows: usize,
    pub(super) codes: usize,
}

/// Plain code that is worth compiling for each instruction set; `run` must be `#[inline(always)]`, or it is not.
pub(super) trait Code {
    /// What the code makes.
    type Made;

    /// The code.
    fn run(self) -> Self::Made;
}

impl Instructions {
    /// Runs plain code compiled for these instructions.
    pub(super) fn run<C: Code>(self, code: C) -> C::Made {
        match self {
            Self::Portable => code.run(),
            // SAFETY: made by `Kernel::cascade` alone, where the processor has these instructions.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { with_avx2(code) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { with_avx512(code) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn with_avx2<C: Code>(code: C) -> C::Made {
    code.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn with_avx512<C: Code>(code: C) -> C::Made {
    code.run()
}

impl Lanes {
    fn new(k: usize, panel: &RowPanel<'_>) -> Self {
        let mut lanes = Self {
            bound: [f32::NEG_INFINITY; MOST_ROWS],
            lost: [0.0; MOST_ROWS],
            length: [0.0; MOST_ROWS],
            grain: [0.0; MOST_ROWS],
            step: [0.0; MOST_ROWS],
            start: [0; MOST_ROWS],
        };
        for (lane, (row, found)) in panel.rows.iter().zip(&*panel.found).enumerate() {
            lanes.bound[lane] = found.bound(k);
            lanes.lost[lane] = row.lost;
            lanes.length[lane] = row.length;
            lanes.grain[lane] = row.grain;
            lanes.step[lane] = row.step;
            lanes.start[lane] = row.start;
        }
        lanes
    }

    /// Hands the hits of a tile to the rows, and learns their new bounds.
    #[inline(never)]
    fn collect(&mut self, k: usize, codes: &CodePanel, tile: &Tile, found: &mut [Candidates]) {
        for (row, found) in found.iter_mut().enumerate() {
            let mut hits = tile.hits[row];
            if hits == 0 {
                continue;
            }
            while hits != 0 {
                let code = hits.trailing_zeros() as usize;
                hits &= hits - 1;
                let margin = codes.margins[code].with(self.lost[row], self.length[row], self.grain[row]);
                found.push(k, codes.ids[code], tile.scores[row][code], margin);
            }
            self.bound[row] = found.bound(k);
        }
    }

    /// What a score may be at most to matter, by the widest margin of a panel.
    #[inline(always)]
    fn thresholds(&self, codes: &CodePanel, rows: usize) -> [f32; MOST_ROWS] {
        let mut thresholds = [f32::NEG_INFINITY; MOST_ROWS];
        for row in 0..rows {
            let margin = codes.widest.with(self.lost[row], self.length[row], self.grain[row]);
            thresholds[row] = (self.bound[row] + margin).min(f32::MAX);
        }
        thresholds
    }
}

/// The kernel of every processor; the compiler makes what it can of it.
fn scan_portable(words: usize, k: usize, lanes: &mut Lanes, panel: &mut RowPanel<'_>, codes: CodePanels<'_>) {
    const ROWS: usize = 4;
    const CODES: usize = 8;
    let mut tile = Tile::new();
    for (position, codes_of) in codes.panels.iter().enumerate() {
        let mut sums = [codes_of.bias.as_chunks::<CODES>().0[0]; ROWS];
        let columns = codes.words.as_chunks::<CODES>().0[position * words..][..words].iter();
        for (rows, column) in panel.words.as_chunks::<ROWS>().0.iter().zip(columns) {
            for row in 0..ROWS {
                for code in 0..CODES {
                    sums[row][code] += f32::from_bits(rows[row]) * f32::from_bits(column[code]);
                }
            }
        }
        let thresholds = lanes.thresholds(codes_of, ROWS);
        let mut any = false;
        for row in 0..ROWS {
            let hit = |code: usize| u32::from(sums[row][code] <= thresholds[row]) << code;
            tile.hits[row] = (0..CODES).fold(0, |hits, code| hits | hit(code));
            any |= tile.hits[row] != 0;
        }
        if any {
            for row in 0..ROWS {
                tile.scores[row][..CODES].copy_from_slice(&sums[row]);
            }
            lanes.collect(k, codes_of, &tile, panel.found);
        }
    }
}

impl Tile {
    fn new() -> Self {
        Self { scores: [[0.0; MOST_CODES]; MOST_ROWS], hits: [0; MOST_ROWS] }
    }
}

/// Six rows and two vectors of eight codes: 12 of the 16 registers hold sums.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn scan_avx2(words: usize, k: usize, lanes: &mut Lanes, panel: &mut RowPanel<'_>, codes: CodePanels<'_>) {
    const ROWS: usize = 6;
    const CODES: usize = 16;
    let mut tile = Tile::new();
    for (position, codes_of) in codes.panels.iter().enumerate() {
        let thresholds = lanes.thresholds(codes_of, ROWS);
        // SAFETY: `Kernel::scan` has checked that each panel has `words * CODES` words, and that the rows have
        // `words * ROWS` words; loads need no alignment; biases and the tile's rows are `MOST_CODES` long.
        unsafe {
            let bias = codes_of.bias.as_ptr();
            let bias = [_mm256_loadu_ps(bias), _mm256_loadu_ps(bias.add(8))];
            let mut sums = [bias; ROWS];
            let mut x = panel.words.as_ptr().cast::<f32>();
            let mut y = codes.words.as_ptr().add(position * words * CODES).cast::<f32>();
            for _ in 0..words {
                let columns = [_mm256_loadu_ps(y), _mm256_loadu_ps(y.add(8))];
                for (row, sums) in sums.iter_mut().enumerate() {
                    let value = _mm256_broadcast_ss(&*x.add(row));
                    sums[0] = _mm256_fmadd_ps(value, columns[0], sums[0]);
                    sums[1] = _mm256_fmadd_ps(value, columns[1], sums[1]);
                }
                x = x.add(ROWS);
                y = y.add(CODES);
            }
            let mut any = 0;
            for row in 0..ROWS {
                let threshold = _mm256_set1_ps(thresholds[row]);
                let hits = |sums| _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_LE_OQ>(sums, threshold)) as u32;
                tile.hits[row] = hits(sums[row][0]) | hits(sums[row][1]) << 8;
                any |= tile.hits[row];
            }
            if any != 0 {
                for row in 0..ROWS {
                    let scores = tile.scores[row].as_mut_ptr();
                    _mm256_storeu_ps(scores, sums[row][0]);
                    _mm256_storeu_ps(scores.add(8), sums[row][1]);
                }
                lanes.collect(k, codes_of, &tile, panel.found);
            }
        }
    }
}

/// Fourteen rows and two vectors of sixteen codes: 28 of the 32 registers hold sums, and each word of a row meets both
/// vectors as an operand that the load broadcasts.
#[cfg(target_arch = "x86_64")]
macro_rules! scan_avx512 {
    (
        $(#[$doc:meta])* $name:ident, $features:literal,
        start: |$bias:ident, $first:ident| $start:expr,
        step: |$sum:ident, $value:ident, $column:ident| $step:expr,
        score: |$total:ident, $own:ident, $step_of_row:ident, $step_of_code:ident| $score:expr $(,)?
    ) => {
        $(#[$doc])*
        #[target_feature(enable = $features)]
        fn $name(words: usize, k: usize, lanes: &mut Lanes, panel: &mut RowPanel<'_>, codes: CodePanels<'_>) {
            const ROWS: usize = 14;
            const CODES: usize = 32;
            let mut tile = Tile::new();
            let mut thresholds = [0.0_f32; MOST_ROWS];
            for (position, codes_of) in codes.panels.iter().enumerate() {
                // SAFETY: `Kernel::scan` has checked that each panel has `words * CODES` words, and that the rows have
                // `words * ROWS` words; loads need no alignment; every array that is read or written as a vector of
                // sixteen has at least as many elements.
                unsafe {
                    let Margin { reach, blur, grain } = codes_of.widest;
                    let grain = _mm512_add_ps(_mm512_loadu_ps(lanes.grain.as_ptr()), _mm512_set1_ps(grain));
                    let (lost, length) = (_mm512_loadu_ps(lanes.lost.as_ptr()), _mm512_loadu_ps(lanes.length.as_ptr()));
                    let margin = _mm512_fmadd_ps(length, _mm512_set1_ps(blur), grain);
                    let margin = _mm512_fmadd_ps(lost, _mm512_set1_ps(reach), margin);
                    let threshold = _mm512_add_ps(_mm512_loadu_ps(lanes.bound.as_ptr()), margin);
                    _mm512_storeu_ps(thresholds.as_mut_ptr(), _mm512_min_ps(threshold, _mm512_set1_ps(f32::MAX)));

                    let pair = |lanes: &[f32; MOST_CODES]| {
                        [_mm512_loadu_ps(lanes.as_ptr()), _mm512_loadu_ps(lanes.as_ptr().add(16))]
                    };
                    let bias = pair(&codes_of.bias);
                    let mut sums = std::array::from_fn::<_, ROWS, _>(|row| {
                        let $first = lanes.start[row];
                        bias.map(|$bias| $start)
                    });
                    let mut x = panel.words.as_ptr();
                    let mut y = codes.words.as_ptr().add(position * words * CODES);
                    for _ in 0..words {
                        let columns = [_mm512_loadu_si512(y.cast()), _mm512_loadu_si512(y.add(16).cast())];
                        for (row, sums) in sums.iter_mut().enumerate() {
                            let $value = _mm512_set1_epi32((*x.add(row)).cast_signed());
                            for half in 0..2 {
                                let ($sum, $column) = (sums[half], columns[half]);
                                sums[half] = $step;
                            }
                        }
                        x = x.add(ROWS);
                        y = y.add(CODES);
                    }
                    let mut any = 0;
                    let mut scores = [[_mm512_setzero_ps(); 2]; ROWS];
                    let steps = pair(&codes_of.step);
                    for row in 0..ROWS {
                        for half in 0..2 {
                            let ($total, $own, $step_of_row) = (sums[row][half], bias[half], lanes.step[row]);
                            let $step_of_code = steps[half];
                            scores[row][half] = $score;
                            any |= _mm512_cmp_ps_mask::<_CMP_LE_OQ>(scores[row][half], _mm512_set1_ps(thresholds[row]));
                        }
                    }
                    if any != 0 {
                        for row in 0..ROWS {
                            let threshold = _mm512_set1_ps(thresholds[row]);
                            let hits = scores[row].map(|scores| {
                                u32::from(_mm512_cmp_ps_mask::<_CMP_LE_OQ>(scores, threshold))
                            });
                            tile.hits[row] = hits[0] | hits[1] << 16;
                            _mm512_storeu_ps(tile.scores[row].as_mut_ptr(), scores[row][0]);
                            _mm512_storeu_ps(tile.scores[row].as_mut_ptr().add(16), scores[row][1]);
                        }
                        lanes.collect(k, codes_of, &tile, panel.found);
                    }
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
scan_avx512! {
    /// Products in f32.
    scan_f32, "avx512f,avx512bw",
    start: |bias, _first| bias,
    step: |sum, value, column| _mm512_fmadd_ps(_mm512_castsi512_ps(value), _mm512_castsi512_ps(column), sum),
    score: |total, _own, _row, _code| total,
}

#[cfg(target_arch = "x86_64")]
scan_avx512! {
    /// Products of pairs of bfloat16, summed in f32.
    scan_bf16, "avx512f,avx512bw,avx512bf16",
    start: |bias, _first| bias,
    step: |sum, value, column| _mm512_dpbf16_ps(sum, bf16_vector(value), bf16_vector(column)),
    score: |total, _own, _row, _code| total,
}

#[cfg(target_arch = "x86_64")]
scan_avx512! {
    /// Products of four bytes, summed exactly in 32 bits.
    scan_i8, "avx512f,avx512bw,avx512vnni",
    start: |_bias, first| _mm512_set1_epi32(first),
    step: |sum, value, column| _mm512_dpbusd_epi32(sum, column, value),
    score: |total, own, row, code| {
        _mm512_fnmadd_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(total), code), _mm512_set1_ps(row), own)
    },
}

/// The same bits as pairs of bfloat16.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bf16")]
fn bf16_vector(bits: __m512i) -> __m512bh {
    // SAFETY: both are 64 bytes, and every bit pattern is a value of both.
    unsafe { std::mem::transmute(bits) }
}
