//! Options of a transform.

use serde::{Deserialize, Serialize};

/// The background of transparent pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Background {
    /// This colour: red, green, blue.
    Color([u8; 3]),
    /// One random colour for each image, uniform over all colours.
    Random,
}

/// Whether an image is mirrored left to right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flip {
    /// Never.
    #[default]
    Never,
    /// With probability 1/2.
    Random,
}

/// The square region of an image that is taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Crop {
    /// The largest centred square.
    #[default]
    Center,
    /// A square at a random position. Its side is a random share of the image's shorter side, uniform between this
    /// number and 1.
    Random(f64),
}
