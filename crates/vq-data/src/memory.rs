use rayon::prelude::*;

use crate::source::fetch;
use crate::transform::squared;
use crate::{DamagedFile, DataError, ImageSource, Sample};

/// A source whose images are decoded and resized once and then kept.
///
/// It holds `S * S * 4` bytes an image (1,870 images at 64x64: 31 MB).
#[derive(Debug, Clone)]
pub struct InMemory {
    samples: Vec<Sample>,
    /// What the source skipped; all of it, as every sample was asked for.
    damaged: Vec<DamagedFile>,
}

impl InMemory {
    /// Reads all of `source`, each image cut and resized by [`center_square`](crate::center_square) to
    /// `[size, size, 4]`, and segmentation and boxes with it.
    ///
    /// This uses all cores (rayon's global pool), once.
    ///
    /// # Errors
    ///
    /// If a sample cannot be read; the error names it.
    pub fn load(source: &dyn ImageSource, size: u32) -> Result<Self, DataError> {
        let samples = (0..source.len())
            .into_par_iter()
            .map(|index| squared(fetch(source, index)?, size))
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
