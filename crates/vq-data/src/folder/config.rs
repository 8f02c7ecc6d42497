use serde::{Deserialize, Serialize};

use crate::{CaptionTemplate, Damaged};

/// How an [`ImageFolder`](super::ImageFolder) reads its files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImageFolderConfig {
    /// Whether folders are classes; by default they are not.
    pub classes: Classes,
    /// The caption of each image, with its class in it; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<CaptionTemplate>,
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
