//! The matrix of word vectors.

use std::fmt;
use std::ops::Range;

use half::f16;
use serde::{Deserialize, Serialize};
use vq_file::{Dtype, SharedBytes};

/// The dtype of stored [`Vectors`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VectorDtype {
    /// 16-bit floats: half the bytes, 11 significant bits. The default prior uses them.
    #[default]
    F16,
    /// 32-bit floats.
    F32,
}

impl VectorDtype {
    /// Bytes per number.
    pub fn bytes(self) -> usize {
        match self {
            Self::F16 => 2,
            Self::F32 => 4,
        }
    }

    /// The dtype of the tensor in a safetensors file.
    pub(crate) fn in_file(self) -> Dtype {
        match self {
            Self::F16 => Dtype::F16,
            Self::F32 => Dtype::F32,
        }
    }
}

/// A matrix `[K, W]` of word vectors, in row-major order; it lies in memory, in the binary or in a mapped file.
#[derive(Clone)]
pub struct Vectors {
    dtype: VectorDtype,
    embedding_dim: usize,
    /// Little-endian numbers.
    bytes: SharedBytes,
}

impl Vectors {
    /// Stores `values` (`[K, W]`, row-major, `W = embedding_dim`) as `dtype`, rounding to nearest.
    ///
    /// [`PriorGraph::new`](crate::PriorGraph::new) checks that the numbers fill whole rows and are finite.
    pub fn new(values: &[f32], embedding_dim: usize, dtype: VectorDtype) -> Self {
        let bytes: Vec<u8> = match dtype {
            VectorDtype::F16 => values.iter().flat_map(|value| f16::from_f32(*value).to_le_bytes()).collect(),
            VectorDtype::F32 => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        };
        Self::from_bytes(dtype, embedding_dim, bytes.into())
    }

    /// Takes little-endian numbers as they are.
    pub(crate) fn from_bytes(dtype: VectorDtype, embedding_dim: usize, bytes: SharedBytes) -> Self {
        Self { dtype, embedding_dim, bytes }
    }

    /// The dtype of the stored numbers.
    pub fn dtype(&self) -> VectorDtype {
        self.dtype
    }

    /// W, the numbers per word.
    pub fn embedding_dim(&self) -> usize {
        self.embedding_dim
    }

    /// The stored little-endian numbers, in row-major order.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The numbers as f32: `[K, W]`, row-major.
    pub fn to_f32(&self) -> Vec<f32> {
        self.values().collect()
    }

    /// The numbers of [`to_f32`](Self::to_f32), one at a time.
    pub(crate) fn values(&self) -> impl Iterator<Item = f32> + '_ {
        self.bytes().chunks_exact(self.dtype.bytes()).map(|bytes| match *bytes {
            [a, b] => f16::from_le_bytes([a, b]).to_f32(),
            [a, b, c, d] => f32::from_le_bytes([a, b, c, d]),
            _ => f32::NAN, // unreachable: every dtype has 2 or 4 bytes
        })
    }

    /// A copy of the rows of `ranges`, one range after the other.
    pub(crate) fn rows(&self, ranges: [Range<usize>; 2]) -> Self {
        let row = self.embedding_dim * self.dtype.bytes();
        let rows = ranges.into_iter().flat_map(|range| &self.bytes()[range.start * row..range.end * row]);
        Self::from_bytes(self.dtype, self.embedding_dim, rows.copied().collect::<Vec<u8>>().into())
    }
}

impl PartialEq for Vectors {
    fn eq(&self, other: &Self) -> bool {
        self.dtype == other.dtype && self.embedding_dim == other.embedding_dim && self.bytes() == other.bytes()
    }
}

impl fmt::Debug for Vectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vectors")
            .field("dtype", &self.dtype)
            .field("embedding_dim", &self.embedding_dim)
            .field("bytes", &self.bytes().len())
            .finish()
    }
}
