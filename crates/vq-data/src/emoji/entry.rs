//! One emoji.

use serde::{Deserialize, Serialize};

use crate::Split;

/// Width of the font's bitmaps, in pixels.
pub(crate) const WIDTH: u32 = 136;
/// Height of the font's bitmaps, in pixels.
pub(crate) const HEIGHT: u32 = 128;

/// One emoji; a line of the archive's index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Emoji {
    /// The emoji as text, one or more code points; unique in a set.
    pub text: String,
    /// Unicode's name, as in `emoji-test.txt`: `flag: France`.
    pub name: String,
    /// The name in plain words, lower case: `flag of france`; see [`caption_of`](crate::caption_of).
    pub caption: String,
    /// Unicode's group: `Flags`.
    pub group: String,
    /// Unicode's subgroup: `country-flag`.
    pub subgroup: String,
    /// The family of all variants of the emoji, which decides its split; see [`family_of`](crate::family_of).
    pub family: String,
    /// The archive entry of the bitmap; emoji with the same bitmap share it.
    pub image: String,
}

impl Emoji {
    /// The code points, in order.
    pub fn code_points(&self) -> impl Iterator<Item = u32> {
        self.text.chars().map(u32::from)
    }

    /// The split that the emoji belongs to.
    #[must_use]
    pub fn split(&self) -> Split {
        Split::of_family(&self.family)
    }
}
