//! Draws objects into an image and its map.

use image::{GrayImage, Luma, Rgb, RgbImage};

use crate::sprite::Sprite;
use crate::{Color, PixelBox};

/// The appearance of an object.
pub(crate) struct Stamp<'a> {
    pub(crate) sprite: &'a Sprite,
    pub(crate) color: Option<Color>,
    pub(crate) facing: Facing,
}

/// The orientation of a sprite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Facing {
    AsDrawn,
    Mirrored,
}

/// The visible part of an object.
pub(crate) struct VisiblePart {
    /// The smallest box around its pixels of the map.
    pub(crate) area: PixelBox,
    /// In percent of its own pixels, rounded down.
    pub(crate) visible: u8,
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

    /// Draws the object, and writes its number into the map where it is at least half opaque.
    pub(crate) fn draw(&self, at: PixelBox, number: u8, image: &mut RgbImage, map: &mut GrayImage) {
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

    /// The part of the object in the finished map; `None` if it is hidden.
    pub(crate) fn visible_part(&self, at: PixelBox, number: u8, map: &GrayImage) -> Option<VisiblePart> {
        let (mut left, mut top, mut right, mut bottom) = (u32::MAX, u32::MAX, 0, 0);
        let (mut own, mut seen) = (0, 0);
        for (x, y, pixel) in self.sprite.image.enumerate_pixels() {
            // Mirroring permutes the pixels of a row, so it does not change the count.
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
        Some(VisiblePart { area, visible })
    }
}
