//! The filters of the search on a GPU, and their shared memory.

use tch::{Kind, Tensor};

use super::constants::{CAPACITY, CODE_TILE};
use crate::kernels::{Limits, Source, groups};

/// The precision in which scores are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    /// Tensor cores: bfloat16 in, f32 out.
    Bf16(Staging),
    /// f32 throughout.
    F32,
}

/// The layout of shared memory of [`Filter::Bf16`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Staging {
    /// Parts of codes that are loaded or in flight.
    pub(super) stages: i32,
    /// Whether the rows fit as a whole.
    pub(super) resident: bool,
    pub(super) bytes: u32,
}

impl Staging {
    /// The best layout that fits into `available` bytes, as in `kernels/filter_bf16.cu`.
    pub(super) fn fit(depth: i64, available: u32) -> Option<Self> {
        const LINE_BYTES: i64 = 128;
        const OFFSET_BYTES: i64 = 4 * CODE_TILE;
        let parts = groups(2 * depth, LINE_BYTES);
        let choices = [(true, 3), (true, 2), (false, 3), (false, 2)];
        choices.into_iter().find_map(|(resident, stages)| {
            let row_parts = if resident { parts } else { stages };
            let lines = stages * CODE_TILE + row_parts * Filter::BF16_ROWS;
            let bytes = u32::try_from(lines * LINE_BYTES + stages * OFFSET_BYTES).ok()?;
            (bytes <= available).then_some(Self { stages: stages as i32, resident, bytes })
        })
    }
}

impl Filter {
    pub(super) const BF16_ROWS: i64 = 256;
    pub(super) const F32_ROWS: i64 = 128;
    pub(super) const THREADS: u32 = 256;

    /// The filters that pay off for these codes, fastest first.
    pub(super) fn cascade(limits: Limits, codes: &Tensor) -> Vec<Self> {
        let size = codes.size()[0];
        // Few codes would all be candidates. Positions of codes are `int`s.
        if codes.kind() != Kind::Float || size <= CAPACITY || size > i64::from(i32::MAX) - CODE_TILE {
            return Vec::new();
        }
        let tensor_cores = limits.capability >= (8, 0);
        let staging = Staging::fit(depth_of(codes), limits.shared_bytes).filter(|_| tensor_cores);
        staging.map(Self::Bf16).into_iter().chain([Self::F32]).collect()
    }

    /// Rows per block.
    pub(super) fn row_tile(self) -> i64 {
        match self {
            Self::Bf16(_) => Self::BF16_ROWS,
            Self::F32 => Self::F32_ROWS,
        }
    }

    /// The dtype of packed elements.
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Bf16(_) => Kind::Int16,
            Self::F32 => Kind::Float,
        }
    }

    /// The file of the kernels.
    pub(super) fn source(self) -> Source {
        match self {
            Self::Bf16(_) => Source::FilterBf16,
            Self::F32 => Source::FilterF32,
        }
    }

    /// The kernels that prepare, bound and collect.
    pub(super) fn kernels(self) -> [&'static str; 3] {
        match self {
            Self::Bf16(_) => ["prepare_bf16", "bound_bf16", "collect_bf16"],
            Self::F32 => ["prepare_f32", "bound_f32", "collect_f32"],
        }
    }

    /// The layout of shared memory.
    pub(super) fn staging(self) -> Staging {
        match self {
            Self::Bf16(staging) => staging,
            Self::F32 => Staging { stages: 0, resident: false, bytes: 0 },
        }
    }
}

/// Length of a packed vector: the dimension, padded to a multiple of the depth of a tensor core.
pub(super) fn depth_of(codes: &Tensor) -> i64 {
    groups(codes.size()[1], 16) * 16
}
