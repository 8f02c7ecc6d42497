//! The cells of a grid.

use image::RgbaImage;

/// A picture with texts below it.
#[derive(Debug, Clone, PartialEq)]
pub struct GridCell {
    /// `[H, W, 4]`, of any size, with straight alpha; the background is white.
    pub picture: RgbaImage,
    /// The texts, from top to bottom.
    pub words: Vec<GridWords>,
}

/// A text below a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GridWords {
    /// Any text; a replacement character stands for letters that no font has.
    pub text: String,
    /// The colour.
    pub tone: Tone,
    /// The largest number of lines; a longer text is cut and ends in `…`.
    pub lines: usize,
}

/// The colour of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Black.
    Plain,
    /// Grey.
    Faint,
    /// Red.
    Alarm,
}

impl Tone {
    pub(super) fn color(self) -> [u8; 3] {
        match self {
            Self::Plain => [0; 3],
            Self::Faint => [110; 3],
            Self::Alarm => [190, 0, 0],
        }
    }
}
