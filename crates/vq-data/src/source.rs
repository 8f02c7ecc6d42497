//! Samples, and the trait of everything that provides them.

use std::path::PathBuf;

use image::RgbaImage;

use crate::purpose::Purpose;
use crate::{DamagedFile, DataError, LabelledBox, Segmentation};

/// One image with its annotations.
///
/// A source fills the fields that it has and takes the rest from `..Sample::default()`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sample {
    /// A name that is unique within its source; error messages contain it.
    pub id: String,
    /// `[H, W, 4]`, straight (not premultiplied) alpha.
    pub image: RgbaImage,
    /// The caption, or the first of several; `None` if the source has none.
    pub caption: Option<String>,
    /// The captions after the first.
    pub more_captions: Vec<String>,
    /// Class names from coarse to fine (for an emoji: group, then subgroup); empty if there are none.
    pub labels: Vec<String>,
    /// The label of each pixel, if the source has a segmentation.
    pub segmentation: Option<Segmentation>,
    /// Bounding boxes; empty if the source has none.
    pub boxes: Vec<LabelledBox>,
}

impl Sample {
    /// One of the captions, each with the same probability; a pure function of the captions, the seed and `draw`.
    ///
    /// The loader passes `epoch * len + index`, so every epoch chooses again.
    #[must_use]
    pub fn caption_at(&self, seed: u64, draw: u64) -> Option<&str> {
        let first = self.caption.as_deref()?;
        let chosen = match self.more_captions.len() {
            0 => 0,
            more => Purpose::Caption.stream(seed, draw).index(more + 1),
        };
        Some(chosen.checked_sub(1).map_or(first, |at| self.more_captions[at].as_str()))
    }
}

/// A list of samples with random access from any thread.
pub trait ImageSource: Send + Sync {
    /// The number of samples.
    fn len(&self) -> usize;

    /// The sample at `index`, the same at every call.
    ///
    /// # Errors
    ///
    /// If `index` is not below [`len`](Self::len), or the sample cannot be read.
    fn get(&self, index: usize) -> Result<Sample, DataError>;

    /// All captions of the sample at `index`.
    ///
    /// A source that has them without the image does not read the image, and then does not detect damage.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    fn captions(&self, index: usize) -> Result<Vec<String>, DataError> {
        let Sample { caption, more_captions, .. } = self.get(index)?;
        Ok(caption.into_iter().chain(more_captions).collect())
    }

    /// The file of the sample at `index`, if it has one of its own.
    ///
    /// For a file within an archive it is the archive's path followed by the name within.
    fn file(&self, _index: usize) -> Option<PathBuf> {
        None
    }

    /// Whether there are no samples.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The damaged images that were found and skipped so far, in the source's order; empty unless the source skips
    /// damaged images ([`Damaged::Skip`](crate::Damaged::Skip)).
    fn damaged(&self) -> Vec<DamagedFile> {
        Vec::new()
    }
}

/// Reads a sample; an error names it by its index, because its id is not known yet.
pub(crate) fn fetch(source: &dyn ImageSource, index: usize) -> Result<Sample, DataError> {
    source.get(index).map_err(|error| match error {
        named @ DataError::Sample { .. } => named,
        other => DataError::Sample { id: format!("index {index}"), source: Box::new(other) },
    })
}
