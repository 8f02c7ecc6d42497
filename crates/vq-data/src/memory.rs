//! Decoded samples in memory.

use rayon::prelude::*;

use crate::source::fetch;
use crate::transform::square_sample;
use crate::{DamagedFile, DataError, ImageSource, Sample};

/// A source that decodes and resizes all images once and keeps them.
///
/// An image takes `S * S * 4` bytes (1,870 images at 64x64: 31 MB).
#[derive(Debug, Clone)]
pub struct InMemory {
    samples: Vec<Sample>,
    /// The files that the source skipped: all of them, because every sample was read.
    damaged: Vec<DamagedFile>,
}

impl InMemory {
    /// Reads all samples of `source`. Each image is cropped and resized by [`center_square`](crate::center_square) to
    /// `[size, size, 4]`; segmentation and boxes go through the same crop and resize.
    ///
    /// This uses all cores (rayon's global pool).
    ///
    /// # Errors
    ///
    /// If a sample cannot be read; the error names it.
    pub fn load(source: &dyn ImageSource, size: u32) -> Result<Self, DataError> {
        let samples = (0..source.len())
            .into_par_iter()
            .map(|index| square_sample(fetch(source, index)?, size))
            .collect::<Result<_, DataError>>()?;
        Ok(Self { samples, damaged: source.damaged() })
    }

    /// All samples, without copying them.
    #[must_use]
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }
}

impl ImageSource for InMemory {
    fn len(&self) -> usize {
        self.samples.len()
    }

    fn get(&self, index: usize) -> Result<Sample, DataError> {
        self.samples.get(index).cloned().ok_or_else(|| {
            DataError::unexpected("get a sample from memory", format!("an index below {}", self.samples.len()), index)
        })
    }

    fn damaged(&self) -> Vec<DamagedFile> {
        self.damaged.clone()
    }
}
