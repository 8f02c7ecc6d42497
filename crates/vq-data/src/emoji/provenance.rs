use serde::{Deserialize, Serialize};

/// A file that an emoji set was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// Its name, without folders.
    pub file: String,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// The Debian package that carries it, and the package's version; `unknown` for a file
    /// that is not the recorded one.
    pub package: String,
}

/// Where an emoji set comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// The version of Unicode's emoji names.
    pub emoji_version: String,
    /// The font's own version string.
    pub font_version: String,
    /// Which emoji were taken, in words.
    pub kept: String,
    /// How many emoji there are.
    pub emoji: usize,
    /// How many different bitmaps they have.
    pub images: usize,
    /// The font, then the list of names.
    pub sources: Vec<SourceFile>,
}
