use image::{GrayImage, Luma, Rgb, RgbImage};

use super::sprite::Sprite;
use super::{Color, PixelBox};

/// What an object is drawn from.
pub(super) struct Stamp<'a> {
    pub(super) sprite: &'a Sprite,
    pub(super) color: Option<Color>,
    pub(super) facing: Facing,
}

/// Which way a sprite is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Facing {
    AsDrawn,
    Mirrored,
}

/// How much of an object is seen.
pub(super) struct Seen {
    /// Around its pixels of the map.
    pub(super) area: PixelBox,
    /// In percent of its own pixels, rounded down.
    pub(super) visible: u8,
}

impl Stamp<'_> {
    /// The levels and alpha at a pixel of the sprite's box.
    fn pixel(&self, x: u32, y: u32) -> ([u8; 3], u8) {
        let x = match self.facing {
            Facing::AsDrawn => x,
            Facing::Mirrored => self.sprite.image.width() - 1 - x,
        };
        let [red, green, blue, alpha] = self.sprite.image.get_pixel(x, y).0;
        let rgb = [red, green, blue];
        (self.color.map_or(rgb, |color| self.sprite.tinted(rgb, color)), alpha)
    }

    /// Draws the object and writes its number where it is at least half opaque.
    pub(super) fn draw(&self, at: PixelBox, number: u8, image: &mut RgbImage, map: &mut GrayImage) {
        for y in 0..at.height {
            for x in 0..at.width {
                let (rgb, alpha) = self.pixel(x, y);
                if alpha == 0 {
                    continue;
                }
                let Rgb(behind) = image.get_pixel_mut(at.left + x, at.top + y);
                for (level, new) in behind.iter_mut().zip(rgb) {
                    let alpha = u32::from(alpha);
                    *level = ((u32::from(*level) * (255 - alpha) + u32::from(new) * alpha + 127) / 255) as u8;
                }
                if alpha >= 128 {
                    map.put_pixel(at.left + x, at.top + y, Luma([number]));
                }
            }
        }
    }

    /// What the finished map shows of the object; none if nothing.
    pub(super) fn seen(&self, at: PixelBox, number: u8, map: &GrayImage) -> Option<Seen> {
        let (mut left, mut top, mut right, mut bottom) = (u32::MAX, u32::MAX, 0, 0);
        let (mut own, mut seen) = (0, 0);
        for (x, y, pixel) in self.sprite.image.enumerate_pixels() {
            // The mirrored column of a pixel is that of another of the same row, so counts may ignore it.
            own += u32::from(pixel[3] >= 128);
            let (x, y) = (at.left + x, at.top + y);
            if map.get_pixel(x, y).0 == [number] {
                seen += 1;
                (left, top, right, bottom) = (left.min(x), top.min(y), right.max(x), bottom.max(y));
            }
        }
        let visible = (100 * seen / own.max(1)) as u8;
        let area =
            PixelBox { left, top, width: (right + 1).checked_sub(left)?, height: (bottom + 1).checked_sub(top)? };
        Some(Seen { area, visible })
    }
}
