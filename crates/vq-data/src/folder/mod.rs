//! A folder of images of any size.

mod config;

pub use config::{FolderClasses, ImageFolderConfig};

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::damage::{Damage, Records};
use crate::listed::taken;
use crate::listing::{Listing, path_id, readable};
use crate::{DamagedFile, DataError, ImageSource, Listed, Sample, load_image};

/// The images of a folder and of all folders below it, decoded on access.
///
/// An image is a file whose name ends in `.jpg`, `.jpeg`, `.jpe`, `.jfif`, `.png`, `.webp`, `.gif` or `.bmp`, in lower
/// or upper case; its first bytes decide its format. Links are followed. Files and folders whose names begin with a dot
/// are skipped, and [`others`](Self::others) counts the files with other extensions.
///
/// Samples are in the order of the bytes of their paths, with `/` between the parts, on every system.
/// A sample's id is its path within the folder, and [`load_image`](crate::load_image) reads its image. Its label is its
/// class, if the configuration reads classes ([`FolderClasses`]), and its caption is made of the class, if the
/// configuration has a template.
#[derive(Debug)]
pub struct ImageFolder {
    root: PathBuf,
    config: ImageFolderConfig,
    /// Relative to the root.
    files: Vec<PathBuf>,
    others: usize,
    damage: Damage,
}

impl ImageFolder {
    /// Lists a folder; opens no image.
    ///
    /// # Errors
    ///
    /// All name the folder or the file: the folder is missing, is a file, cannot be read or has no images; the
    /// configuration reads classes and an image lies in no folder; or it has a caption template and does not read
    /// classes.
    pub fn open(root: impl AsRef<Path>, config: ImageFolderConfig) -> Result<Self, DataError> {
        let root = root.as_ref().to_owned();
        if config.caption.is_some() && config.classes == FolderClasses::Unlabelled {
            return Err(DataError::unexpected(
                format!("open image folder {}", root.display()),
                "`classes = \"first-folder\"`, because `caption` names the class",
                "`classes = \"unlabelled\"`",
            ));
        }
        let Listing { files, others } = Listing::read(&root)?;
        if config.classes == FolderClasses::FirstFolder
            && let Some(file) = files.iter().find(|file| file.components().nth(1).is_none())
        {
            return Err(DataError::unexpected(
                format!("read the class of {}", root.join(file).display()),
                "an image in a folder of its class",
                format!("one directly in {}", root.display()),
            ));
        }
        Ok(Self { root, config, files, others, damage: Damage::default() })
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The images, relative to the folder, in order.
    #[must_use]
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The number of files without an image's extension.
    #[must_use]
    pub fn others(&self) -> usize {
        self.others
    }

    /// The classes, each once, in the order of their bytes; empty if the folders are not classes.
    #[must_use]
    pub fn classes(&self) -> Vec<String> {
        let mut classes: Vec<String> = self.files.iter().flat_map(|file| self.label(file)).collect();
        classes.sort_unstable();
        classes.dedup();
        classes
    }

    /// The damaged images that were found and skipped so far, in order; complete once every image was read.
    #[must_use]
    pub fn damaged(&self) -> Vec<DamagedFile> {
        self.damage.files()
    }

    /// The caption of a file, if the configuration has a template.
    fn caption(&self, file: &Path) -> Option<String> {
        Some(self.config.caption.as_ref()?.caption(&self.label(file)?))
    }

    /// The class of a file, if folders are classes.
    fn label(&self, file: &Path) -> Option<String> {
        let first = file.iter().next()?;
        (self.config.classes == FolderClasses::FirstFolder).then(|| readable(first.as_encoded_bytes()))
    }
}

impl Records for ImageFolder {
    fn what(&self) -> String {
        format!("image folder {}", self.root.display())
    }

    fn count(&self) -> usize {
        self.files.len()
    }

    fn read(&self, index: usize) -> Result<Sample, DataError> {
        let file = &self.files[index];
        Ok(Sample {
            id: path_id(file),
            image: load_image(self.root.join(file))?,
            caption: self.caption(file),
            labels: Vec::from_iter(self.label(file)),
            ..Sample::default()
        })
    }

    fn path(&self, index: usize) -> PathBuf {
        self.root.join(&self.files[index])
    }
}

impl ImageSource for ImageFolder {
    fn len(&self) -> usize {
        self.files.len()
    }

    fn get(&self, index: usize) -> Result<Sample, DataError> {
        self.damage.get(self, self.config.damaged, index)
    }

    fn captions(&self, index: usize) -> Result<Vec<String>, DataError> {
        match self.files.get(index) {
            Some(file) => Ok(Vec::from_iter(self.caption(file))),
            None => self.get(index).map(|_| Vec::new()),
        }
    }

    fn file(&self, index: usize) -> Option<PathBuf> {
        (index < self.len()).then(|| self.path(index))
    }

    fn damaged(&self) -> Vec<DamagedFile> {
        self.damage.files()
    }
}

impl Listed for ImageFolder {
    fn id(&self, index: usize) -> Option<String> {
        self.files.get(index).map(|file| path_id(file))
    }

    fn part(&self, takes: &dyn Fn(usize) -> bool) -> Arc<dyn Listed> {
        Arc::new(Self {
            root: self.root.clone(),
            config: self.config.clone(),
            files: taken(&self.files, takes),
            others: self.others,
            damage: Damage::default(),
        })
    }
}
