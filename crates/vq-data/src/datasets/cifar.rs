//! CIFAR-10.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::{Rgba, RgbaImage};
use serde::{Deserialize, Serialize};

use crate::dataset::dir::{DatasetDir, lines, read, read_range};
use crate::listed::taken;
use crate::{CaptionTemplate, DataError, DatasetLayout, ImageSource, Listed, Sample, Split};

/// CIFAR-10: 60,000 images of 32x32 of ten classes (Krizhevsky, 2009), in its binary version.
///
/// ```text
/// root/data_batch_1.bin ... root/data_batch_5.bin      10,000 images each, for training
/// root/test_batch.bin                                  10,000 images
/// root/batches.meta.txt                                the ten class names, one a line
/// ```
///
/// An image is 3,073 bytes: its class, then 1,024 levels each of red, green and blue, row by row.
/// A version with one file per image, `train/airplane/0001.png`, is an [`ImageFolder`](crate::ImageFolder) with
/// [`FolderClasses::FirstFolder`](crate::FolderClasses::FirstFolder).
/// Samples are in the order of the files; the id is the file and the number in it, `test_batch.bin/12`, the label is
/// the class.
/// The layout is recognized by `batches.meta.txt`.
///
/// # Errors of opening
///
/// A file is missing or is not a whole number of images, an image has a class above 9, or there are not ten names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CifarConfig {
    /// The folder.
    pub root: PathBuf,
    /// The five batches, or the test batch for validation.
    pub split: Split,
    /// The caption of each image, made of its class; none by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<CaptionTemplate>,
}

const NAMES: &str = "batches.meta.txt";
const SIDE: u32 = 32;
const PLANE: usize = 1024;
const IMAGE_BYTES: usize = 1 + 3 * PLANE;
const CLASSES: usize = 10;

/// The images of CIFAR-10's batches; pixels are read on access.
#[derive(Debug, Clone)]
pub struct CifarBatches {
    root: PathBuf,
    batches: Vec<&'static str>,
    /// The name of each class.
    names: Vec<String>,
    /// The position and class of each image.
    entries: Vec<Entry>,
    caption: Option<CaptionTemplate>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    batch: u8,
    class: u8,
    number: u32,
}

impl DatasetLayout for CifarConfig {
    const NAME: &'static str = "CIFAR-10";
    type Source = CifarBatches;

    fn with_defaults(root: &Path) -> Result<Self, DataError> {
        Ok(Self { root: root.to_owned(), split: Split::Train, caption: None })
    }

    fn detect(root: &Path) -> Result<bool, DataError> {
        Ok(root.join(NAMES).exists())
    }

    fn open(&self) -> Result<CifarBatches, DataError> {
        let dir = DatasetDir { name: Self::NAME, root: &self.root };
        let batches: Vec<&str> = match self.split {
            Split::Train => {
                vec!["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"]
            }
            Split::Validation => vec!["test_batch.bin"],
        };
        let names = lines(&dir.text(NAMES, "the names of the classes, one a line")?);
        if names.len() != CLASSES {
            return Err(dir.refuse(format!("{CLASSES} names in {NAMES}"), names.len()));
        }
        let mut entries = Vec::new();
        for (batch, name) in (0..).zip(&batches) {
            let bytes = read(&dir.file(name, "images of 3073 bytes")?)?;
            if bytes.is_empty() || bytes.len() % IMAGE_BYTES != 0 {
                let expected = format!("images of {IMAGE_BYTES} bytes in {name}");
                return Err(dir.refuse(expected, format!("{} bytes", bytes.len())));
            }
            for (number, image) in (0..).zip(bytes.chunks_exact(IMAGE_BYTES)) {
                if usize::from(image[0]) >= CLASSES {
                    let expected = format!("a class below {CLASSES} for image {number} of {name}");
                    return Err(dir.refuse(expected, image[0]));
                }
                entries.push(Entry { batch, class: image[0], number });
            }
        }
        Ok(CifarBatches { root: self.root.clone(), batches, names, entries, caption: self.caption.clone() })
    }
}

impl CifarBatches {
    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn batch(&self, entry: Entry) -> &'static str {
        self.batches[usize::from(entry.batch)]
    }

    fn class(&self, entry: Entry) -> &str {
        &self.names[usize::from(entry.class)]
    }

    fn id_of(&self, entry: Entry) -> String {
        format!("{}/{}", self.batch(entry), entry.number)
    }

    fn caption(&self, entry: Entry) -> Option<String> {
        self.caption.as_ref().map(|template| template.caption(self.class(entry)))
    }
}

impl ImageSource for CifarBatches {
    fn len(&self) -> usize {
        self.entries.len()
    }

    fn get(&self, index: usize) -> Result<Sample, DataError> {
        let Some(&entry) = self.entries.get(index) else {
            let op = format!("get an image of CIFAR-10 in {}", self.root.display());
            return Err(DataError::unexpected(op, format!("an index below {}", self.entries.len()), index));
        };
        // The pixels follow the class.
        let start = u64::from(entry.number) * IMAGE_BYTES as u64 + 1;
        let planes = read_range(&self.root.join(self.batch(entry)), start, 3 * PLANE)?;
        let level = |channel: usize, x: u32, y: u32| planes[channel * PLANE + (y * SIDE + x) as usize];
        Ok(Sample {
            id: self.id_of(entry),
            image: RgbaImage::from_fn(SIDE, SIDE, |x, y| Rgba([level(0, x, y), level(1, x, y), level(2, x, y), 255])),
            caption: self.caption(entry),
            labels: vec![self.class(entry).to_owned()],
            ..Sample::default()
        })
    }

    fn captions(&self, index: usize) -> Result<Vec<String>, DataError> {
        match self.entries.get(index) {
            Some(&entry) => Ok(Vec::from_iter(self.caption(entry))),
            None => self.get(index).map(|_| Vec::new()),
        }
    }
}

impl Listed for CifarBatches {
    fn id(&self, index: usize) -> Option<String> {
        self.entries.get(index).map(|&entry| self.id_of(entry))
    }

    fn part(&self, takes: &dyn Fn(usize) -> bool) -> Arc<dyn Listed> {
        Arc::new(Self { entries: taken(&self.entries, takes), ..self.clone() })
    }
}
