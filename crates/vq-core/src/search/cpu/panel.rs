//! Packed rows and codes with their error bounds, as the kernels read them.
//!
//! All numbers are in the units of [`Centering`](super::centering::Centering).

/// Largest number of codes in a panel.
pub(super) const MAX_CODES: usize = 32;

/// Vectors with a larger norm are left to the exhaustive search, because their products may overflow.
const MAX_NORM: f64 = 1e18;

/// The precision of a filter's products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Precision {
    /// f32: one element per 32-bit word.
    F32,
    /// bfloat16, rounded to nearest: two per word.
    Bf16,
    /// Bytes with one scale per row or code: four per word. Those of codes are shifted by 128.
    I8,
}

impl Precision {
    /// Words of a vector of `dim` elements.
    pub(super) fn words(self, dim: usize) -> usize {
        dim.div_ceil(self.per_word())
    }

    fn per_word(self) -> usize {
        match self {
            Self::F32 => 1,
            Self::Bf16 => 2,
            Self::I8 => 4,
        }
    }
}

/// Numbers of a row beside its words.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Row {
    /// Upper bound of the norm, before and after packing.
    pub(super) norm: f32,
    /// Upper bound of the norm of the packing error.
    pub(super) packing_error: f32,
    /// The value of one unit of a byte.
    pub(super) step: f32,
    /// Initial value of the sum of products with shifted bytes, which undoes the shift.
    pub(super) start: i32,
    /// Part of the margin that does not depend on the code.
    pub(super) rounding: f32,
}

/// Numbers of a panel of codes beside their words; lane `c` is code `c` of the panel.
///
/// The score of a row and a code, `bias - z.e`, is computed up to the margin
/// `row.packing_error * code.norm + row.norm * code.error + code.rounding + row.rounding` (see [`Margin`]).
#[derive(Debug, Clone)]
#[repr(C, align(64))]
pub(super) struct CodePanel {
    /// The part of the score that does not depend on the row; infinite in lanes without a code.
    pub(super) bias: [f32; MAX_CODES],
    /// The value of one unit of a byte.
    pub(super) step: [f32; MAX_CODES],
    /// The margins of the codes.
    pub(super) margins: [Margin; MAX_CODES],
    /// Upper bound of the margins of all codes.
    pub(super) widest: Margin,
    /// The ids of the codes.
    pub(super) ids: [u32; MAX_CODES],
}

/// Contribution of a code to the margins of its scores.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Margin {
    /// Upper bound of the norm, which multiplies the packing error of a row.
    pub(super) norm: f32,
    /// Packing and rounding error, which multiplies the norm of a row.
    pub(super) error: f32,
    /// Part that does not depend on the row.
    pub(super) rounding: f32,
}

impl CodePanel {
    /// A panel without codes.
    pub(super) fn empty() -> Self {
        Self {
            bias: [f32::INFINITY; MAX_CODES],
            step: [0.0; MAX_CODES],
            margins: [Margin::default(); MAX_CODES],
            widest: Margin::default(),
            ids: [0; MAX_CODES],
        }
    }

    /// Whether the norm of a code is too large for a margin.
    pub(super) fn is_out_of_range(&self) -> bool {
        self.widest.norm.is_nan() || f64::from(self.widest.norm) > MAX_NORM
    }
}

impl Margin {
    /// Upper bound of the error of the score with a row.
    #[inline(always)]
    pub(super) fn with(&self, packing_error: f32, norm: f32, rounding: f32) -> f32 {
        packing_error * self.norm + (norm * self.error + (self.rounding + rounding))
    }

    /// The larger of each part.
    pub(super) fn max(self, other: Self) -> Self {
        Self {
            norm: max(self.norm, other.norm),
            error: max(self.error, other.error),
            rounding: max(self.rounding, other.rounding),
        }
    }
}

impl Row {
    /// Whether the norm of the row is too large for a margin.
    pub(super) fn is_out_of_range(&self) -> bool {
        self.norm.is_nan() || f64::from(self.norm) > MAX_NORM
    }
}

/// The larger of two numbers, where NaN is larger than all.
fn max(left: f32, right: f32) -> f32 {
    if right > left || right.is_nan() { right } else { left }
}
