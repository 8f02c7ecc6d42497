//! How an image folder is read.

use serde::{Deserialize, Serialize};

use crate::{CaptionTemplate, Damaged};

/// How an [`ImageFolder`](crate::ImageFolder) reads its files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImageFolderConfig {
    /// Whether folders are classes; by default they are not.
    pub classes: FolderClasses,
    /// The caption of each image, made of its class; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<CaptionTemplate>,
    /// What is done with a damaged image; by default it is an error.
    pub damaged: Damaged,
}

/// Whether the folders of an image folder are classes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FolderClasses {
    /// Folders are not classes; samples have no label.
    #[default]
    Unlabelled,
    /// The first folder of an image's path is its class, the one label of its sample.
    ///
    /// An image outside of any folder is then an error at opening.
    #[serde(alias = "first_folder")]
    FirstFolder,
}
