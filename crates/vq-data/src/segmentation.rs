use std::borrow::Cow;

use image::{ImageBuffer, Luma};
use serde::{Deserialize, Serialize};

/// `[H, W]`: a number for each pixel, which says what it shows.
pub type LabelMap = ImageBuffer<Luma<u16>, Vec<u16>>;

/// What each pixel of an image shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Segmentation {
    /// As high and wide as the image.
    pub map: LabelMap,
    /// The labels that a mirrored image exchanges; empty if none name a side.
    pub sides: Cow<'static, [LabelSides]>,
}

/// Two labels that stand for left and right of the same thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelSides {
    /// For instance `left eye`.
    pub left: u16,
    /// For instance `right eye`.
    pub right: u16,
}

impl LabelSides {
    /// The label after mirroring.
    pub(crate) fn mirrored(sides: &[Self], label: u16) -> u16 {
        for pair in sides {
            if label == pair.left {
                return pair.right;
            }
            if label == pair.right {
                return pair.left;
            }
        }
        label
    }
}

/// A part of an image, and what it shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelledBox {
    /// What is in it.
    pub label: String,
    /// From the image's left edge, in pixels.
    pub left: f64,
    /// From the image's upper edge, in pixels.
    pub top: f64,
    /// In pixels.
    pub width: f64,
    /// In pixels.
    pub height: f64,
}
