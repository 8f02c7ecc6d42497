//! Segmentations: a label for each pixel.

use std::borrow::Cow;

use image::{ImageBuffer, Luma};
use serde::{Deserialize, Serialize};

/// `[H, W]`: the label of each pixel.
pub type LabelMap = ImageBuffer<Luma<u16>, Vec<u16>>;

/// The label of each pixel of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Segmentation {
    /// `[H, W]`, of the same size as the image.
    pub map: LabelMap,
    /// The pairs of labels that a mirrored image exchanges; empty if no label means left or right.
    pub sides: Cow<'static, [LabelSides]>,
}

/// The two labels for the left and the right one of a pair.
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
