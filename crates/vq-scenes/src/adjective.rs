//! The adjectives of captions.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Color;

/// The size of an object: the longer side of its sprite, in percent of the image's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Size {
    /// 26 or 29 percent; `small` in captions.
    Small,
    /// 36 or 40 percent; not mentioned in captions.
    Medium,
    /// 50 or 56 percent; `large` in captions.
    Large,
}

impl Size {
    /// All sizes.
    pub const ALL: [Self; 3] = [Self::Small, Self::Medium, Self::Large];

    /// The adjective, if captions mention the size.
    #[must_use]
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::Small => Some("small"),
            Self::Medium => None,
            Self::Large => Some("large"),
        }
    }

    /// The two lengths of sprites of this size, in percent of the image's side.
    #[must_use]
    pub fn percents(self) -> [u32; 2] {
        match self {
            Self::Small => [26, 29],
            Self::Medium => [36, 40],
            Self::Large => [50, 56],
        }
    }
}

/// The adjectives of an object, in the order of their words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adjectives {
    /// Its size.
    pub size: Size,
    /// The colour it is tinted in; `None` for the emoji's own colours, which captions do not mention.
    pub color: Option<Color>,
}

impl Adjectives {
    /// The words.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        self.size.word().into_iter().chain(self.color.map(Color::word))
    }
}

/// Whether a pair of words is held out from training: whether the first eight bytes of the SHA-256 of `adjective noun`,
/// as a big-endian number, lie in the lowest tenth.
///
/// ```
/// use vq_scenes::is_held_out;
///
/// let held_out = ["red", "blue", "green"].map(|color| is_held_out(color, "apple"));
/// assert_eq!(held_out, [false, false, false]);
/// ```
#[must_use]
pub fn is_held_out(adjective: &str, noun: &str) -> bool {
    let digest = Sha256::digest(format!("{adjective} {noun}"));
    let mut head = [0; 8];
    head.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(head) < u64::MAX / 10
}
