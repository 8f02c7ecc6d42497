//! Data sets of image files.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::dir::DatasetDir;
use super::mask::MaskFile;
use crate::damage::{Damage, Records};
use crate::listed::taken;
use crate::{Damaged, DamagedFile, DataError, ImageSource, LabelledBox, Listed, Sample, load_image};

/// An image file with its annotations, before it is decoded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FileRecord {
    /// The id of its sample, with `/` between the parts of a path.
    pub id: String,
    /// The image file, relative to the root of the data set.
    pub image: PathBuf,
    /// In the order of the file that contains them.
    pub captions: Vec<String>,
    /// From coarse to fine.
    pub labels: Vec<String>,
    /// The files of its segmentation, if it has one.
    pub mask: Option<MaskFile>,
    /// Bounding boxes, in pixels of the image as it is stored.
    pub boxes: Vec<LabelledBox>,
}

/// A data set of image files. Opening reads everything but the pixels; images are decoded on access.
#[derive(Debug)]
pub struct ImageFiles {
    name: &'static str,
    root: PathBuf,
    records: Vec<FileRecord>,
    damaged: Damaged,
    damage: Damage,
}

impl ImageFiles {
    /// Checks that there are records, that ids are unique, and that each file exists.
    pub(crate) fn new(dir: &DatasetDir<'_>, records: Vec<FileRecord>, damaged: Damaged) -> Result<Self, DataError> {
        if records.is_empty() {
            return Err(dir.refuse("at least one image", "none"));
        }
        let mut ids = HashSet::with_capacity(records.len());
        for record in &records {
            if !ids.insert(record.id.as_str()) {
                return Err(dir.refuse("every image once", format!("{} twice", record.id)));
            }
            dir.file(&record.image, "an image")?;
            record.mask.iter().flat_map(MaskFile::paths).try_for_each(|mask| {
                dir.file(mask, "the segmentation of an image")?;
                Ok::<(), DataError>(())
            })?;
        }
        Ok(Self { name: dir.name, root: dir.root.to_owned(), records, damaged, damage: Damage::default() })
    }

    /// The folder of the data set.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The records of the images, in order.
    #[must_use]
    pub fn records(&self) -> &[FileRecord] {
        &self.records
    }
}

impl Records for ImageFiles {
    fn what(&self) -> String {
        format!("{} in {}", self.name, self.root.display())
    }

    fn count(&self) -> usize {
        self.records.len()
    }

    fn read(&self, index: usize) -> Result<Sample, DataError> {
        let record = &self.records[index];
        let image = load_image(self.path(index))?;
        let segmentation = match &record.mask {
            Some(mask) => Some(mask.read(&self.root, image.width(), image.height())?),
            None => None,
        };
        Ok(Sample {
            id: record.id.clone(),
            image,
            caption: record.captions.first().cloned(),
            more_captions: record.captions.iter().skip(1).cloned().collect(),
            labels: record.labels.clone(),
            segmentation,
            boxes: record.boxes.clone(),
        })
    }

    fn path(&self, index: usize) -> PathBuf {
        self.root.join(&self.records[index].image)
    }
}

impl ImageSource for ImageFiles {
    fn len(&self) -> usize {
        self.records.len()
    }

    fn get(&self, index: usize) -> Result<Sample, DataError> {
        self.damage.get(self, self.damaged, index)
    }

    fn captions(&self, index: usize) -> Result<Vec<String>, DataError> {
        match self.records.get(index) {
            Some(record) => Ok(record.captions.clone()),
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

impl Listed for ImageFiles {
    fn id(&self, index: usize) -> Option<String> {
        self.records.get(index).map(|record| record.id.clone())
    }

    fn part(&self, takes: &dyn Fn(usize) -> bool) -> Arc<dyn Listed> {
        Arc::new(Self {
            name: self.name,
            root: self.root.clone(),
            records: taken(&self.records, takes),
            damaged: self.damaged,
            damage: Damage::default(),
        })
    }
}
