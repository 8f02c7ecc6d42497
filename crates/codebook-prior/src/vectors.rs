use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use half::f16;
use memmap2::Mmap;
use serde::{Deserialize, Serialize};

/// How the numbers of [`Vectors`] are stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// 16-bit floats: half the bytes, 11 significant bits; the default prior's choice.
    #[default]
    F16,
    /// 32-bit floats.
    F32,
}

impl Precision {
    /// Bytes of one number.
    pub fn bytes(self) -> usize {
        match self {
            Self::F16 => 2,
            Self::F32 => 4,
        }
    }
}

/// A matrix `[K, W]` of word vectors, row by row; lies in memory, in the binary or in a mapped file.
#[derive(Clone)]
pub struct Vectors {
    precision: Precision,
    width: usize,
    storage: Storage,
}

/// Little-endian numbers, wherever they lie.
#[derive(Clone)]
pub(crate) enum Storage {
    Owned(Vec<u8>),
    #[cfg(feature = "embedded")]
    Static(&'static [u8]),
    Mapped(Arc<Mmap>, Range<usize>),
}

impl Storage {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Owned(bytes) => bytes,
            #[cfg(feature = "embedded")]
            Self::Static(bytes) => bytes,
            Self::Mapped(map, range) => &map[range.clone()],
        }
    }
}

impl Vectors {
    /// Stores `values` (`[K, W]`, row by row, `W = width`) in the given precision, rounding to nearest.
    ///
    /// That the numbers fill whole rows and are finite is checked by [`PriorGraph::new`](crate::PriorGraph::new).
    pub fn new(values: &[f32], width: usize, precision: Precision) -> Self {
        let bytes = match precision {
            Precision::F16 => values.iter().flat_map(|value| f16::from_f32(*value).to_le_bytes()).collect(),
            Precision::F32 => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        };
        Self::stored(precision, width, Storage::Owned(bytes))
    }

    pub(crate) fn stored(precision: Precision, width: usize, storage: Storage) -> Self {
        Self { precision, width, storage }
    }

    /// How the numbers are stored.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// W, the numbers per word.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The stored little-endian numbers, row by row.
    pub fn bytes(&self) -> &[u8] {
        self.storage.bytes()
    }

    /// `[K, W]`, row by row.
    pub fn to_f32(&self) -> Vec<f32> {
        self.values().collect()
    }

    /// The numbers of [`to_f32`](Self::to_f32), one at a time.
    pub(crate) fn values(&self) -> impl Iterator<Item = f32> + '_ {
        let precision = self.precision;
        self.bytes().chunks_exact(precision.bytes()).map(move |bytes| match *bytes {
            [a, b] => f16::from_le_bytes([a, b]).to_f32(),
            [a, b, c, d] => f32::from_le_bytes([a, b, c, d]),
            _ => f32::NAN, // no precision has another size
        })
    }

    /// The rows of `ranges`, one range after the other, as a matrix of its own.
    pub(crate) fn rows(&self, ranges: [Range<usize>; 2]) -> Self {
        let row = self.width * self.precision.bytes();
        let bytes =
            ranges.into_iter().flat_map(|range| &self.bytes()[range.start * row..range.end * row]).copied().collect();
        Self::stored(self.precision, self.width, Storage::Owned(bytes))
    }
}

impl PartialEq for Vectors {
    fn eq(&self, other: &Self) -> bool {
        self.precision == other.precision && self.width == other.width && self.bytes() == other.bytes()
    }
}

impl fmt::Debug for Vectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vectors")
            .field("precision", &self.precision)
            .field("width", &self.width)
            .field("bytes", &self.bytes().len())
            .finish()
    }
}
