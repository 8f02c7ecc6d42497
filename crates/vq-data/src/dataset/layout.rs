//! The trait of every data set's configuration.

use std::path::{Path, PathBuf};

use crate::{DataError, Listed};

/// A data set in the layout in which it is published: the configuration that finds and opens it.
///
/// A new data set implements this for its configuration, in a file of its own, and gets one line in the list of
/// `datasets/mod.rs`. The list generates [`DatasetConfig`](crate::DatasetConfig).
pub trait DatasetLayout: Sized {
    /// The name for error messages and help, such as `CUB-200-2011`.
    const NAME: &'static str;

    /// The opened data set.
    type Source: Listed + 'static;

    /// The configuration with its defaults for the data set in `root`; of a data set with splits, the training split.
    ///
    /// # Errors
    ///
    /// If the defaults depend on the files in the folder and it cannot be read.
    fn with_defaults(root: &Path) -> Result<Self, DataError>;

    /// Whether the folder has the files by which this layout is recognized.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read.
    fn detect(root: &Path) -> Result<bool, DataError>;

    /// Whether a folder that no layout recognized by [`detect`](Self::detect) has this one, by the image files in it
    /// and in the folders below it, which are relative to `root`.
    fn detect_by_images(_root: &Path, _images: &[PathBuf]) -> bool {
        false
    }

    /// Opens the data set: reads everything but the pixels, and checks that the images exist.
    ///
    /// # Errors
    ///
    /// All name the file that is missing or wrong and what was expected; each configuration lists them.
    fn open(&self) -> Result<Self::Source, DataError>;
}
