use image::RgbaImage;

use crate::DataError;

/// One picture and what is known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// A name that is unique within its source; it appears in error messages.
    pub id: String,
    /// `[H, W, 4]`, straight (not premultiplied) alpha.
    pub image: RgbaImage,
    /// The picture in plain words, if the source knows them.
    pub caption: Option<String>,
    /// Class names from coarse to fine (for an emoji: group, then subgroup); empty if none.
    pub labels: Vec<String>,
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

    /// Whether there are no samples.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Fetches a sample, naming it in the error by its index, the only name known by then.
pub(crate) fn fetch(source: &dyn ImageSource, index: usize) -> Result<Sample, DataError> {
    source.get(index).map_err(|error| match error {
        named @ DataError::Sample { .. } => named,
        other => DataError::Sample { id: format!("index {index}"), source: Box::new(other) },
    })
}
