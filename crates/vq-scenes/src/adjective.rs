use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Color;

/// How large an object is drawn: the longer side of its sprite, in percent of the picture's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// 26 or 29 percent; called `small`.
    Small,
    /// 36 or 40 percent; not mentioned.
    Medium,
    /// 50 or 56 percent; called `large`.
    Large,
}

impl Size {
    /// All sizes.
    pub const ALL: [Self; 3] = [Self::Small, Self::Medium, Self::Large];

    /// The adjective, if the size is mentioned.
    #[must_use]
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::Small => Some("small"),
            Self::Medium => None,
            Self::Large => Some("large"),
        }
    }

    /// The two sides that sprites of this size have, in percent of the picture's.
    #[must_use]
    pub fn percents(self) -> [u32; 2] {
        match self {
            Self::Small => [26, 29],
            Self::Medium => [36, 40],
            Self::Large => [50, 56],
        }
    }
}

/// What is said of an object before its noun, in the order of the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adjectives {
    /// Its size.
    pub size: Size,
    /// The colour that it was given; none: it has those of the emoji, which are not mentioned.
    pub color: Option<Color>,
}

impl Adjectives {
    /// The words.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        self.size.word().into_iter().chain(self.color.map(Color::word))
    }
}

/// Whether a pair is kept from training: the first eight bytes of the SHA-256 of `adjective noun`, as a big-endian
/// number, lie in the lowest tenth.
///
/// ```
/// use vq_data::scenes::is_held_out;
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
