//! The emoji set.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use super::contents::Contents;
use super::entry::Emoji;
use super::provenance::EmojiProvenance;
use super::split::EmojiSplit;
use crate::{DataError, ImageSource, Sample, Split};

#[cfg(feature = "embedded")]
static EMBEDDED: &[u8] = include_bytes!("../../assets/emoji.zip");

/// Emoji with their bitmaps, in the order of Unicode's `emoji-test.txt`.
///
/// The embedded set has every fully qualified emoji of Unicode's list that has no skin tone.
/// The bitmaps stay in the archive's bytes, which are not copied. Cloning is cheap.
#[derive(Clone)]
pub struct EmojiSet {
    contents: Arc<Contents>,
}

impl EmojiSet {
    /// The set that is compiled into this crate.
    ///
    /// Everything but the pixels is checked: checksums, index, sizes of the bitmaps.
    ///
    /// # Errors
    ///
    /// If the archive is damaged, which would be a bug of this crate.
    #[cfg(feature = "embedded")]
    pub fn embedded() -> Result<Self, DataError> {
        Self::parse(Cow::Borrowed(EMBEDDED), "the embedded emoji archive")
    }

    /// Opens a file made by the binary `remake-emoji`, with the same checks as for the embedded set.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is not such an archive; the error names the file, and the entry or line at fault.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DataError> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|source| DataError::Io {
            op: "read emoji archive",
            path: path.to_owned(),
            source,
        })?;
        Self::parse(Cow::Owned(bytes), &path.display().to_string())
    }

    fn parse(bytes: Cow<'static, [u8]>, what: &str) -> Result<Self, DataError> {
        Ok(Self { contents: Arc::new(Contents::parse(bytes, what)?) })
    }

    /// All emoji.
    #[must_use]
    pub fn entries(&self) -> &[Emoji] {
        &self.contents.emoji
    }

    /// The font's bitmap of the emoji at `index` of [`entries`](Self::entries), as the bytes of a PNG file of 136x128
    /// pixels; `None` if there is no such emoji.
    #[must_use]
    pub fn png(&self, index: usize) -> Option<&[u8]> {
        self.contents.png(index)
    }

    /// The origin of the set.
    #[must_use]
    pub fn provenance(&self) -> &EmojiProvenance {
        &self.contents.provenance
    }

    /// The emoji of one split, as a source of its own.
    #[must_use]
    pub fn split(&self, split: Split) -> EmojiSplit {
        EmojiSplit::new(self.contents.clone(), split)
    }
}

/// All emoji of both splits, with the samples that [`EmojiSplit`] describes.
impl ImageSource for EmojiSet {
    fn len(&self) -> usize {
        self.contents.emoji.len()
    }

    fn get(&self, index: usize) -> Result<Sample, DataError> {
        if index >= self.len() {
            return Err(DataError::unexpected("get an emoji", format!("an index below {}", self.len()), index));
        }
        self.contents.sample(index)
    }
}
