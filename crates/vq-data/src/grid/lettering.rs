//! Text drawn with the embedded fonts.

use ab_glyph::{Font, FontRef, GlyphId, PxScale, ScaleFont, point};
use epaint_default_fonts::{HACK_REGULAR, NOTO_EMOJI_REGULAR, UBUNTU_LIGHT};
use image::{Rgb, RgbImage};

use crate::DataError;

/// Replaces a letter that no font has.
const UNKNOWN: char = '\u{fffd}';

/// Marks a text that was cut.
const CUT: char = '\u{2026}';

/// Draws text at one size, from left to right, each letter with the first font that has it; letters are not joined.
pub(super) struct Lettering {
    fonts: [FontRef<'static>; 3],
    scale: PxScale,
}

/// A letter with its position on the line.
#[derive(Clone, Copy)]
struct Letter {
    font: usize,
    glyph: GlyphId,
    left: f32,
    right: f32,
}

impl Lettering {
    /// `pixels` is the height from the lowest to the highest point of letters.
    pub(super) fn new(pixels: f32) -> Result<Self, DataError> {
        let font = |bytes| {
            FontRef::try_from_slice(bytes)
                .map_err(|error| DataError::unexpected("read an embedded font", "a sound font", error))
        };
        let fonts = [font(UBUNTU_LIGHT)?, font(HACK_REGULAR)?, font(NOTO_EMOJI_REGULAR)?];
        Ok(Self { fonts, scale: PxScale::from(pixels) })
    }

    /// The distance from one line to the next, in pixels.
    pub(super) fn line_height(&self) -> u32 {
        let font = self.fonts[0].as_scaled(self.scale);
        (font.height() + font.line_gap()).ceil() as u32 + 1
    }

    /// Breaks a text into lines of at most `width` pixels, between words, or within a word that is longer than a line.
    /// A text of more than `max_lines` lines is cut, and its last line ends in `…`.
    pub(super) fn wrap(&self, text: &str, width: f32, max_lines: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut is_cut = false;
        'words: for word in text.split_whitespace() {
            if let Some(line) = lines.last_mut() {
                let longer = format!("{line} {word}");
                if self.fits(&longer, width) {
                    *line = longer;
                    continue;
                }
            }
            let mut rest = word;
            while !rest.is_empty() {
                if lines.len() == max_lines {
                    is_cut = true;
                    break 'words;
                }
                let (piece, after) = rest.split_at(self.fitting(rest, width));
                lines.push(piece.to_owned());
                rest = after;
            }
        }
        if let (true, Some(line)) = (is_cut, lines.last_mut()) {
            *line = self.cut(&format!("{line} {CUT}"), width);
        }
        lines
    }

    /// Shortens a text to `width` pixels; a shortened text ends in `…`.
    fn cut(&self, text: &str, width: f32) -> String {
        if self.fits(text, width) {
            return text.to_owned();
        }
        let mut kept: String = text.trim_end_matches(CUT).trim_end().to_owned();
        loop {
            let shorter = format!("{}{CUT}", kept.trim_end());
            if self.fits(&shorter, width) || kept.pop().is_none() {
                return shorter;
            }
        }
    }

    fn fits(&self, text: &str, width: f32) -> bool {
        self.letters(text).last().is_none_or(|letter| letter.right <= width)
    }

    /// The number of bytes of the letters that fit; at least one letter.
    fn fitting(&self, text: &str, width: f32) -> usize {
        let room = self.letters(text).skip(1).take_while(|letter| letter.right <= width).count();
        text.char_indices().nth(room + 1).map_or(text.len(), |(at, _)| at)
    }

    /// One letter for each character.
    fn letters(&self, text: &str) -> impl Iterator<Item = Letter> {
        let mut before: Option<Letter> = None;
        text.chars().map(move |character| {
            let (font, glyph) = self.glyph(character);
            let scaled = self.fonts[font].as_scaled(self.scale);
            let mut left = before.map_or(0.0, |before| before.right);
            if let Some(before) = before.filter(|before| before.font == font) {
                left += scaled.kern(before.glyph, glyph);
            }
            let letter = Letter { font, glyph, left, right: left + scaled.h_advance(glyph) };
            before = Some(letter);
            letter
        })
    }

    fn glyph(&self, character: char) -> (usize, GlyphId) {
        let character = if character.is_control() { ' ' } else { character };
        let find = |character: char| {
            let glyphs = self.fonts.iter().map(|font| font.glyph_id(character)).enumerate();
            // Glyph 0 of a font means that it has no such letter.
            glyphs.into_iter().find(|(_, glyph)| glyph.0 != 0)
        };
        find(character).or_else(|| find(UNKNOWN)).unwrap_or((0, GlyphId(0)))
    }

    /// Draws one line with its top left corner at this pixel; parts outside of the image are cut.
    pub(super) fn draw(&self, image: &mut RgbImage, text: &str, left: u32, top: u32, color: [u8; 3]) {
        let baseline = top as f32 + self.fonts[0].as_scaled(self.scale).ascent();
        for letter in self.letters(text) {
            let at = point(left as f32 + letter.left, baseline);
            let glyph = letter.glyph.with_scale_and_position(self.scale, at);
            let Some(outline) = self.fonts[letter.font].outline_glyph(glyph) else { continue };
            let corner = outline.px_bounds().min;
            outline.draw(|x, y, coverage| {
                let (x, y) = (corner.x + x as f32, corner.y + y as f32);
                if x >= 0.0
                    && y >= 0.0
                    && let Some(pixel) = image.get_pixel_mut_checked(x as u32, y as u32)
                {
                    *pixel = mixed(*pixel, color, coverage);
                }
            });
        }
    }
}

/// Blends a colour over a pixel.
fn mixed(Rgb(below): Rgb<u8>, color: [u8; 3], coverage: f32) -> Rgb<u8> {
    let coverage = coverage.clamp(0.0, 1.0);
    let mix = |channel: usize| {
        let (below, color) = (f32::from(below[channel]), f32::from(color[channel]));
        (below + (color - below) * coverage).round() as u8
    };
    Rgb([0, 1, 2].map(mix))
}
