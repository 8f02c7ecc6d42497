//! The bitmaps of a font.

use rustybuzz::ttf_parser::{GlyphId, RasterImageFormat, name_id};
use rustybuzz::{Face, UnicodeBuffer, shape};

use crate::DataError;
use crate::emoji::{HEIGHT, WIDTH};

/// A font with a bitmap for each emoji.
pub(super) struct Font<'a> {
    face: Face<'a>,
}

impl<'a> Font<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, DataError> {
        let face = Face::from_slice(bytes, 0)
            .ok_or_else(|| DataError::unexpected("parse the font", "a font", "something else"))?;
        Ok(Self { face })
    }

    /// The font's own version string.
    pub(super) fn version(&self) -> Result<String, DataError> {
        self.face
            .names()
            .into_iter()
            .filter(|name| name.name_id == name_id::VERSION)
            .find_map(|name| name.to_string())
            .ok_or_else(|| DataError::unexpected("parse the font", "a version", "none"))
    }

    /// The PNG file in the font for the one glyph of a sequence.
    ///
    /// Sequences are looked up by shaping, because most have no code point, only a ligature.
    pub(super) fn bitmap(&self, text: &str, name: &str) -> Result<&[u8], DataError> {
        let refuse =
            |expected: &str, got: String| DataError::unexpected(format!("find {name} in the font"), expected, got);
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        let shaped = shape(&self.face, &[], buffer);
        let [glyph] = shaped.glyph_infos() else {
            return Err(refuse("one glyph", shaped.len().to_string()));
        };
        let image = u16::try_from(glyph.glyph_id)
            .ok()
            .filter(|&id| id != 0)
            .and_then(|id| self.face.glyph_raster_image(GlyphId(id), u16::MAX))
            .ok_or_else(|| refuse("a glyph with a bitmap", "none".to_owned()))?;
        if image.format != RasterImageFormat::PNG {
            return Err(refuse("a png bitmap", format!("{:?}", image.format)));
        }
        let size = (u32::from(image.width), u32::from(image.height));
        if size != (WIDTH, HEIGHT) {
            return Err(refuse(&format!("a bitmap of {WIDTH}x{HEIGHT}"), format!("{}x{}", size.0, size.1)));
        }
        Ok(image.data)
    }
}
