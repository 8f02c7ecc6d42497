use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use image::RgbaImage;

use super::archive::{Archive, INDEX, PROVENANCE};
use super::entry::{HEIGHT, WIDTH};
use super::{Emoji, EmojiSplit, Provenance, Split};
use crate::{DataError, ImageSource, Sample, load};

#[cfg(feature = "embedded")]
static EMBEDDED: &[u8] = include_bytes!("../../assets/emoji.zip");

/// Emoji with their bitmaps, in the order of Unicode's `emoji-test.txt`.
///
/// The embedded set has every fully qualified emoji of Unicode's list that has no skin tone.
/// The bitmaps stay in the archive's bytes, which are not copied.
/// Cloning is cheap.
#[derive(Clone)]
pub struct EmojiSet {
    contents: Arc<Contents>,
}

/// What a set and its splits share.
pub(super) struct Contents {
    bytes: Cow<'static, [u8]>,
    pub(super) emoji: Vec<Emoji>,
    /// Where in `bytes` each emoji's bitmap lies.
    images: Vec<Range<usize>>,
    provenance: Provenance,
}

impl EmojiSet {
    /// The set that is part of this crate.
    ///
    /// Everything but the pixels themselves is checked: checksums, index, sizes of the bitmaps.
    ///
    /// # Errors
    ///
    /// If the archive is damaged, which would be a fault of this crate.
    #[cfg(feature = "embedded")]
    pub fn embedded() -> Result<Self, DataError> {
        Self::parse(Cow::Borrowed(EMBEDDED), "the embedded emoji archive")
    }

    /// A set in a file made by the binary `remake-emoji`, checked as the embedded one is.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or is not such an archive; the error names it, and the entry
    /// or line at fault.
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
        let archive = Archive::parse(&bytes, what)?;
        let emoji = archive.json_lines::<Emoji>(INDEX)?;
        let provenance = archive.json::<Provenance>(PROVENANCE)?;
        if emoji.len() != provenance.emoji || emoji.is_empty() {
            return Err(DataError::unexpected(
                format!("check {INDEX} of {what}"),
                format!("{} emoji, as {PROVENANCE} says", provenance.emoji),
                emoji.len(),
            ));
        }
        let mut texts = HashSet::new();
        let mut images = Vec::with_capacity(emoji.len());
        for entry in &emoji {
            if !texts.insert(entry.text.as_str()) {
                return Err(DataError::unexpected(
                    format!("check {INDEX} of {what}"),
                    "every emoji once",
                    format!("{} twice", entry.name),
                ));
            }
            let range = archive.range(&entry.image)?;
            check_bitmap(&bytes[range.clone()], &entry.image, what)?;
            images.push(range);
        }
        drop(texts);
        Ok(Self { contents: Arc::new(Contents { bytes, emoji, images, provenance }) })
    }

    /// All emoji.
    #[must_use]
    pub fn entries(&self) -> &[Emoji] {
        &self.contents.emoji
    }

    /// The font's own bitmap of the emoji at `index` of [`entries`](Self::entries), as the bytes
    /// of a png file of 136x128 pixels; `None` if there is no such emoji.
    #[must_use]
    pub fn png(&self, index: usize) -> Option<&[u8]> {
        let range = self.contents.images.get(index)?;
        Some(&self.contents.bytes[range.clone()])
    }

    /// Where the set comes from.
    #[must_use]
    pub fn provenance(&self) -> &Provenance {
        &self.contents.provenance
    }

    /// The emoji of one split, as a source that owns what it needs.
    #[must_use]
    pub fn split(&self, split: Split) -> EmojiSplit {
        EmojiSplit::new(self.contents.clone(), split)
    }
}

/// All emoji of both splits, as [`EmojiSplit`] gives them.
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

impl Contents {
    /// The sample of the emoji at `index`, which must exist.
    pub(super) fn sample(&self, index: usize) -> Result<Sample, DataError> {
        let emoji = &self.emoji[index];
        let id = format!("{} ({})", emoji.image, emoji.name);
        let bitmap = load::decode(&self.bytes[self.images[index].clone()], &id)?;
        let mut image = RgbaImage::new(WIDTH, WIDTH);
        image::imageops::replace(&mut image, &bitmap, 0, i64::from(WIDTH - HEIGHT) / 2);
        Ok(Sample {
            id,
            image,
            caption: Some(emoji.caption.clone()),
            labels: vec![emoji.group.clone(), emoji.subgroup.clone()],
            ..Sample::default()
        })
    }
}

/// Checks the signature and the size that a png file begins with.
fn check_bitmap(png: &[u8], name: &str, what: &str) -> Result<(), DataError> {
    let word = |at: usize| png.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes);
    let refuse =
        |expected: String, got: String| Err(DataError::unexpected(format!("check {name} of {what}"), expected, got));
    if !png.starts_with(b"\x89PNG\r\n\x1a\n") {
        return refuse("a png image".to_owned(), "something else".to_owned());
    }
    let (width, height) = (word(16), word(20));
    if (width, height) != (WIDTH, HEIGHT) {
        return refuse(format!("{WIDTH}x{HEIGHT} pixels"), format!("{width}x{height}"));
    }
    Ok(())
}
