//! Images of any size in a folder of the user's.

mod config;
pub(crate) mod listing;

pub use config::{Classes, ImageFolderConfig};

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::damage::{Damage, Records};
use crate::listed::taken;
use crate::{DamagedFile, DataError, ImageSource, Listed, Sample, load_image};
use listing::{Listing, path_key};

/// The images of a folder and of all folders below it, decoded when asked for.
///
/// An image is a file whose name ends in `.jpg`, `.jpeg`, `.jpe`, `.jfif`, `.png`, `.webp`, `.gif` or `.bmp`, in small or
/// capital letters; what it really is, its first bytes tell. Links are followed. Names that begin with a dot are left
/// out, folders with all that is in them, and [`others`](Self::others) counts the files of other names.
///
/// Samples are in the order of the bytes of their paths, with `/` between the parts, on every system.
/// A sample's id is its path within the folder, its image is what [`load_image`](crate::load_image) makes of the file, its
/// label is its class if [`Classes`] says so, and it has a caption if the configuration makes one of the class.
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
    /// Lists a folder; no image is opened yet.
    ///
    /// # Errors
    ///
    /// All name the folder or the file: it is missing, is no folder, cannot be read, has no images, or one that lies in
    /// no class where the configuration asks for classes, or it asks for captions of classes and not for classes.
    pub fn open(root: impl AsRef<Path>, config: ImageFolderConfig) -> Result<Self, DataError> {
        let root = root.as_ref().to_owned();
        if config.caption.is_some() && config.classes == Classes::Unlabelled {
            return Err(DataError::unexpected(
                format!("open image folder {}", root.display()),
                "classes where captions name them",
                "unlabelled images",
            ));
        }
        let Listing { files, others } = Listing::read(&root)?;
        if config.classes == Classes::FirstFolder
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

    /// How many files lie in the folder that are no images by their names.
    #[must_use]
    pub fn others(&self) -> usize {
        self.others
    }

    /// The classes, each once, in the order of their bytes; none without classes.
    #[must_use]
    pub fn classes(&self) -> Vec<String> {
        let mut classes: Vec<String> = self.files.iter().flat_map(|file| self.label(file)).collect();
        classes.sort_unstable();
        classes.dedup();
        classes
    }

    /// The damaged images that were met so far and skipped, in order; all of them once every image was asked for.
    #[must_use]
    pub fn damaged(&self) -> Vec<DamagedFile> {
        self.damage.files()
    }

    /// The caption of a file, if the configuration makes it of the class.
    fn caption(&self, file: &Path) -> Option<String> {
        Some(self.config.caption.as_ref()?.caption(&self.label(file)?))
    }

    /// The class of a file, if there are classes.
    fn label(&self, file: &Path) -> Option<String> {
        let first = file.iter().next()?;
        (self.config.classes == Classes::FirstFolder).then(|| readable(first.as_encoded_bytes()))
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
            id: readable(&path_key(file)),
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
        self.files.get(index).map(|file| readable(&path_key(file)))
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

/// A name for people; bytes that are no UTF-8 are written out, so that two names never become one.
pub(crate) fn readable(name: &[u8]) -> String {
    let mut text = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text
}
