//! A noun with its sprites at all sizes.

use image::RgbaImage;
use vq_data::DataError;

use crate::nouns::SceneNoun;
use crate::sprite::Sprite;
use crate::{Adjectives, Color, Size, is_held_out};

/// The side at which tints are measured: that of the smallest objects in scenes of 64x64, where most pixels mix a hue
/// with an outline. It is the same for all image sizes, so the same nouns are tintable in all.
const MEASURED_SIDE: u32 = 17;

/// A noun with its sprites.
#[derive(Debug, Clone)]
pub(crate) struct NounSprites {
    pub(crate) noun: SceneNoun,
    /// By size, then by step.
    sprites: Vec<[Sprite; 2]>,
    /// The mean colour of the visible pixels.
    pub(crate) mean: [i32; 3],
    pub(crate) tintable: bool,
    pub(crate) natural_color: Option<Color>,
    /// By size.
    pub(crate) held_out_sizes: Vec<bool>,
    /// By colour.
    pub(crate) held_out_colors: Vec<bool>,
}

impl NounSprites {
    /// The sprites of an emoji for scenes of this size.
    pub(crate) fn new(noun: SceneNoun, image: &RgbaImage, size: u32) -> Result<Self, DataError> {
        let sprite = Sprite::cut(image).ok_or_else(|| {
            DataError::unexpected(format!("crop the emoji {}", noun.emoji), "an image with visible pixels", "none")
        })?;
        let held_out = |word: Option<&str>| word.is_some_and(|word| is_held_out(word, noun.singular));
        let scaled = |of: Size| of.percents().map(|percent| sprite.scaled(side(size, percent)));
        Ok(Self {
            mean: sprite.mean(),
            tintable: sprite.scaled(MEASURED_SIDE).is_tintable(),
            sprites: Size::ALL.into_iter().map(scaled).collect(),
            natural_color: sprite.natural_color(),
            held_out_sizes: Size::ALL.into_iter().map(|of| held_out(of.word())).collect(),
            held_out_colors: Color::ALL.into_iter().map(|color| held_out(Some(color.word()))).collect(),
            noun,
        })
    }

    pub(crate) fn sprite(&self, adjectives: Adjectives, step: usize) -> &Sprite {
        &self.sprites[adjectives.size as usize][step]
    }
}

/// The longer side of a sprite in pixels, rounded.
fn side(size: u32, percent: u32) -> u32 {
    (size * percent + 50) / 100
}
