//! What an emoji set and its splits share.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use image::RgbaImage;

use super::archive::{Archive, INDEX, PROVENANCE};
use super::entry::{Emoji, HEIGHT, WIDTH};
use super::provenance::EmojiProvenance;
use crate::{DataError, Sample, load};

/// A checked archive.
pub(super) struct Contents {
    bytes: Cow<'static, [u8]>,
    pub(super) emoji: Vec<Emoji>,
    /// The range of each emoji's bitmap in `bytes`.
    images: Vec<Range<usize>>,
    pub(super) provenance: EmojiProvenance,
}

impl Contents {
    /// Checks an archive: its checksums, index and the sizes of the bitmaps.
    pub(super) fn parse(bytes: Cow<'static, [u8]>, what: &str) -> Result<Self, DataError> {
        let archive = Archive::parse(&bytes, what)?;
        let emoji = archive.json_lines::<Emoji>(INDEX)?;
        let provenance = archive.json::<EmojiProvenance>(PROVENANCE)?;
        if emoji.len() != provenance.emoji || emoji.is_empty() {
            return Err(DataError::unexpected(
                format!("check {INDEX} of {what}"),
                format!("{} emoji, as in {PROVENANCE}", provenance.emoji),
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
        Ok(Self { bytes, emoji, images, provenance })
    }

    /// The bytes of the PNG file of the emoji at `index`.
    pub(super) fn png(&self, index: usize) -> Option<&[u8]> {
        let range = self.images.get(index)?;
        Some(&self.bytes[range.clone()])
    }

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

/// Checks the signature and the size in the header of a PNG file.
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
