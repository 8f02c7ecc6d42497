//! The inner loops, one for each instruction set. This file uses `unsafe`: vector loads, and calls of functions that
//! are compiled for more than the build target.
#![allow(clippy::needless_range_loop, reason = "a lane or a register is an index into several arrays")]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

use super::candidates::Candidates;
use super::kernel::{Instructions, Kernel, Vectorized};
use super::panel::{CodePanel, MAX_CODES, Row};
#[cfg(target_arch = "x86_64")]
use super::panel::{Margin, Precision};

/// Largest number of rows in a panel.
const MAX_ROWS: usize = 16;

/// A panel of rows: its words `[words, rows]`, and the candidates so far.
pub(super) struct RowPanel<'a> {
    pub(super) words: &'a [u32],
    pub(super) rows: &'a [Row],
    pub(super) candidates: &'a mut [Candidates],
}

/// Panels of codes and their words, `[panels, words, codes]`.
#[derive(Clone, Copy)]
pub(super) struct CodePanels<'a> {
    pub(super) words: &'a [u32],
    pub(super) panels: &'a [CodePanel],
}

/// The numbers of the rows, one lane per row.
#[repr(C, align(64))]
struct RowLanes {
    /// The bound of each row's `k`-th score; minus infinity for an undecided row.
    bound: [f32; MAX_ROWS],
    packing_error: [f32; MAX_ROWS],
    norm: [f32; MAX_ROWS],
    rounding: [f32; MAX_ROWS],
    step: [f32; MAX_ROWS],
    start: [i32; MAX_ROWS],
}

/// Scores of a tile with hits, for [`RowLanes::collect`].
#[repr(C, align(64))]
struct Tile {
    scores: [[f32; MAX_CODES]; MAX_ROWS],
    /// A bit for each code whose score is at most the row's threshold, which includes the panel's widest margin.
    hits: [u32; MAX_ROWS],
}

/// Adds to each row of the panel the codes that may be among its `k` nearest.
pub(super) fn scan(kernel: Kernel, k: usize, panel: &mut RowPanel<'_>, codes: CodePanels<'_>) {
    let shape = kernel.tile();
    let words = panel.words.len() / shape.rows;
    assert_eq!(panel.words.len(), words * shape.rows);
    assert_eq!(codes.words.len(), codes.panels.len() * words * shape.codes);
    assert!(panel.rows.len() <= shape.rows && panel.rows.len() == panel.candidates.len());
    let mut lanes = RowLanes::new(k, panel);
    type Scan = unsafe fn(usize, usize, &mut RowLanes, &mut RowPanel<'_>, CodePanels<'_>);
    let scan_panel: Scan = match (kernel.instructions, kernel.precision) {
        (Instructions::Portable, _) => scan_portable,
        #[cfg(target_arch = "x86_64")]
        (Instructions::Avx2, _) => scan_avx2,
        #[cfg(target_arch = "x86_64")]
        (Instructions::Avx512, Precision::F32) => scan_f32,
        #[cfg(target_arch = "x86_64")]
        (Instructions::Avx512, Precision::Bf16) => scan_bf16,
        #[cfg(target_arch = "x86_64")]
        (Instructions::Avx512, Precision::I8) => scan_i8,
    };
    // SAFETY: `Kernel::cascade` returns a kernel only if the processor has its instructions, and the asserts above
    // check the lengths of the slices.
    unsafe { scan_panel(words, k, &mut lanes, panel, codes) }
}

/// Runs code compiled for the best instruction set of this processor.
pub(super) fn run_vectorized<C: Vectorized>(code: C) -> C::Output {
    match Instructions::detect() {
        Instructions::Portable => code.run(),
        // SAFETY: `Instructions::detect` returns only instruction sets of this processor.
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx2 => unsafe { with_avx2(code) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx512 => unsafe { with_avx512(code) },
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn with_avx2<C: Vectorized>(code: C) -> C::Output {
    code.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn with_avx512<C: Vectorized>(code: C) -> C::Output {
    code.run()
}

impl RowLanes {
    fn new(k: usize, panel: &RowPanel<'_>) -> Self {
        let mut lanes = Self {
            bound: [f32::NEG_INFINITY; MAX_ROWS],
            packing_error: [0.0; MAX_ROWS],
            norm: [0.0; MAX_ROWS],
            rounding: [0.0; MAX_ROWS],
            step: [0.0; MAX_ROWS],
            start: [0; MAX_ROWS],
        };
        for (lane, (row, candidates)) in panel.rows.iter().zip(&*panel.candidates).enumerate() {
            lanes.bound[lane] = candidates.bound(k);
            lanes.packing_error[lane] = row.packing_error;
            lanes.norm[lane] = row.norm;
            lanes.rounding[lane] = row.rounding;
            lanes.step[lane] = row.step;
            lanes.start[lane] = row.start;
        }
        lanes
    }

    /// Adds the hits of a tile to the candidates of the rows, and updates the bounds.
    #[inline(never)]
    fn collect(&mut self, k: usize, codes: &CodePanel, tile: &Tile, candidates: &mut [Candidates]) {
        for (row, candidates) in candidates.iter_mut().enumerate() {
            let mut hits = tile.hits[row];
            if hits == 0 {
                continue;
            }
            while hits != 0 {
                let code = hits.trailing_zeros() as usize;
                hits &= hits - 1;
                let margin = codes.margins[code].with(self.packing_error[row], self.norm[row], self.rounding[row]);
                candidates.push(k, codes.ids[code], tile.scores[row][code], margin);
            }
            self.bound[row] = candidates.bound(k);
        }
    }

    /// The largest scores that are hits, with the widest margin of a panel.
    #[inline(always)]
    fn thresholds(&self, codes: &CodePanel, rows: usize) -> [f32; MAX_ROWS] {
        let mut thresholds = [f32::NEG_INFINITY; MAX_ROWS];
        for row in 0..rows {
            let margin = codes.widest.with(self.packing_error[row], self.norm[row], self.rounding[row]);
            thresholds[row] = (self.bound[row] + margin).min(f32::MAX);
        }
        thresholds
    }
}

/// The portable kernel, vectorized by the compiler for the build target.
fn scan_portable(words: usize, k: usize, lanes: &mut RowLanes, panel: &mut RowPanel<'_>, codes: CodePanels<'_>) {
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
            lanes.collect(k, codes_of, &tile, panel.candidates);
        }
    }
}

impl Tile {
    fn new() -> Self {
        Self { scores: [[0.0; MAX_CODES]; MAX_ROWS], hits: [0; MAX_ROWS] }
    }
}

/// Six rows and two vectors of eight codes: 12 of the 16 registers hold sums.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn scan_avx2(words: usize, k: usize, lanes: &mut RowLanes, panel: &mut RowPanel<'_>, codes: CodePanels<'_>) {
    const ROWS: usize = 6;
    const CODES: usize = 16;
    let mut tile = Tile::new();
    for (position, codes_of) in codes.panels.iter().enumerate() {
        let thresholds = lanes.thresholds(codes_of, ROWS);
        // SAFETY: `scan` has checked that each panel has `words * CODES` words, and that the rows have
        // `words * ROWS` words; loads need no alignment; biases and the tile's rows are `MAX_CODES` long.
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
                lanes.collect(k, codes_of, &tile, panel.candidates);
            }
        }
    }
}

/// Fourteen rows and two vectors of sixteen codes: 28 of the 32 registers hold sums, and each word of a row is
/// multiplied with both vectors as a broadcast memory operand.
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
        fn $name(words: usize, k: usize, lanes: &mut RowLanes, panel: &mut RowPanel<'_>, codes: CodePanels<'_>) {
            const ROWS: usize = 14;
            const CODES: usize = 32;
            let mut tile = Tile::new();
            let mut thresholds = [0.0_f32; MAX_ROWS];
            for (position, codes_of) in codes.panels.iter().enumerate() {
                // SAFETY: `scan` has checked that each panel has `words * CODES` words, and that the rows have
                // `words * ROWS` words; loads need no alignment; every array that is read or written as a vector of
                // sixteen has at least as many elements.
                unsafe {
                    let Margin { norm: code_norm, error: code_error, rounding } = codes_of.widest;
                    let rounding = _mm512_add_ps(_mm512_loadu_ps(lanes.rounding.as_ptr()), _mm512_set1_ps(rounding));
                    let packing_error = _mm512_loadu_ps(lanes.packing_error.as_ptr());
                    let norm = _mm512_loadu_ps(lanes.norm.as_ptr());
                    let margin = _mm512_fmadd_ps(norm, _mm512_set1_ps(code_error), rounding);
                    let margin = _mm512_fmadd_ps(packing_error, _mm512_set1_ps(code_norm), margin);
                    let threshold = _mm512_add_ps(_mm512_loadu_ps(lanes.bound.as_ptr()), margin);
                    _mm512_storeu_ps(thresholds.as_mut_ptr(), _mm512_min_ps(threshold, _mm512_set1_ps(f32::MAX)));

                    let pair = |lanes: &[f32; MAX_CODES]| {
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
                        lanes.collect(k, codes_of, &tile, panel.candidates);
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
