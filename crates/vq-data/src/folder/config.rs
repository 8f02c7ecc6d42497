use serde::{Deserialize, Serialize};

/// How an [`ImageFolder`](super::ImageFolder) reads its files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImageFolderConfig {
    /// Whether folders are classes; by default they are not.
    pub classes: Classes,
    /// What becomes of a damaged image; by default it is an error.
    pub damaged: Damaged,
}

/// Whether the folders of an image folder mean something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Classes {
    /// They are places and no more; samples have no label.
    #[default]
    Unlabelled,
    /// The first folder on the way to an image is its class, the one label of its sample.
    ///
    /// An image that lies in no folder is then an error at opening.
    FirstFolder,
}

/// What becomes of an image that is there and can be read, but is empty, cut short, of another kind than its name says,
/// too large, or damaged in another way.
///
/// A file that the operating system cannot read is an error under both: another time it may be readable, and then the
/// same seed would give other batches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Damaged {
    /// It is an error that names the file.
    #[default]
    Fail,
    /// The next sound image of the folder takes its place, after the last one the first, and the file is remembered.
    ///
    /// What stands at an index is still a function of the folder alone, so batch `n` is still one of (seed, `n`).
    Skip,
}
