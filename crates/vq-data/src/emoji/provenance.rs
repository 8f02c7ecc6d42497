//! The origin of an emoji set.

use serde::{Deserialize, Serialize};

/// A file that an emoji set was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// Its name, without folders.
    pub file: String,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// The Debian package that contains it, with the package's version; `unknown` for a file that differs from the
    /// recorded one.
    pub package: String,
}

/// The origin of an emoji set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmojiProvenance {
    /// The version of Unicode's emoji names.
    pub emoji_version: String,
    /// The font's own version string.
    pub font_version: String,
    /// The rule for the emoji that are included, in words.
    pub kept: String,
    /// The number of emoji.
    pub emoji: usize,
    /// The number of different bitmaps.
    pub images: usize,
    /// The font, then the list of names.
    pub sources: Vec<SourceFile>,
}
