use std::path::PathBuf;

use image::RgbaImage;

use crate::order::{Purpose, below, generator};
use crate::{DamagedFile, DataError, LabelledBox, Segmentation};

/// One picture and what is known about it.
///
/// What a source does not know it takes from `..Sample::default()`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sample {
    /// A name that is unique within its source; it appears in error messages.
    pub id: String,
    /// `[H, W, 4]`, straight (not premultiplied) alpha.
    pub image: RgbaImage,
    /// The picture in plain words, if the source knows them; of several captions the first.
    pub caption: Option<String>,
    /// The captions after the first.
    pub more_captions: Vec<String>,
    /// Class names from coarse to fine (for an emoji: group, then subgroup); empty if none.
    pub labels: Vec<String>,
    /// What each pixel shows, if the source knows it.
    pub segmentation: Option<Segmentation>,
    /// Where things are, if the source knows it.
    pub boxes: Vec<LabelledBox>,
}

impl Sample {
    /// One of the captions, each with the same chance; a pure function of the captions, the seed and `draw`.
    ///
    /// The loader's draws are `epoch * len + index`, so that every epoch chooses anew.
    #[must_use]
    pub fn caption_at(&self, seed: u64, draw: u64) -> Option<&str> {
        let first = self.caption.as_deref()?;
        let chosen = match self.more_captions.len() {
            0 => 0,
            more => below(&mut generator(seed, Purpose::Caption, draw), more + 1),
        };
        Some(chosen.checked_sub(1).map_or(first, |at| self.more_captions[at].as_str()))
    }
}

/// Pictures that can be asked for by number, from any thread.
pub trait ImageSource: Send + Sync {
    /// How many samples there are.
    fn len(&self) -> usize;

    /// The sample at `index`, the same at every call.
    ///
    /// # Errors
    ///
    /// If `index` is not below [`len`](Self::len), or the sample cannot be read.
    fn get(&self, index: usize) -> Result<Sample, DataError>;

    /// All captions of the sample at `index`; a source that has them without the image does not read
    /// it, and does not know then whether it is damaged.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    fn captions(&self, index: usize) -> Result<Vec<String>, DataError> {
        let Sample { caption, more_captions, .. } = self.get(index)?;
        Ok(caption.into_iter().chain(more_captions).collect())
    }

    /// The file of the sample at `index`, if it has one of its own; for one within an archive, the archive's path and
    /// then the name within.
    fn file(&self, _index: usize) -> Option<PathBuf> {
        None
    }

    /// Whether there are no samples.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The damaged images that were met so far and skipped, in the source's order; none where [`Damaged`](crate::Damaged)
    /// has no say.
    fn damaged(&self) -> Vec<DamagedFile> {
        Vec::new()
    }
}

/// Fetches a sample, naming it in the error by its index, the only name known by then.
pub(crate) fn fetch(source: &dyn ImageSource, index: usize) -> Result<Sample, DataError> {
    source.get(index).map_err(|error| match error {
        named @ DataError::Sample { .. } => named,
        other => DataError::Sample { id: format!("index {index}"), source: Box::new(other) },
    })
}
