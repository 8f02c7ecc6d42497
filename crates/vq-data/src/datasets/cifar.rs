use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::{Rgba, RgbaImage};
use serde::{Deserialize, Serialize};

use super::layout::{Layout, lines, read};
use super::web::read_range;
use crate::listed::taken;
use crate::{CaptionTemplate, DataError, ImageSource, Listed, Sample, Split};

/// CIFAR-10: 60,000 pictures of 32x32 of ten classes (Krizhevsky, 2009), in its binary version.
///
/// ```text
/// root/data_batch_1.bin ... root/data_batch_5.bin      10,000 images each, to train on
/// root/test_batch.bin                                  10,000 images
/// root/batches.meta.txt                                the ten names of classes, one a line
/// ```
///
/// An image is 3,073 bytes: its class, then 1,024 levels each of red, green and blue, row by row.
/// A version with an image file each, `train/airplane/0001.png`, is an [`ImageFolder`](crate::ImageFolder) with
/// [`Classes::FirstFolder`](crate::Classes::FirstFolder).
/// Samples are in the order of the files; the id is the file and the number in it, `test_batch.bin/12`, the label is the
/// class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CifarConfig {
    /// The folder.
    pub root: PathBuf,
    /// The five batches, or the test batch to validate on.
    pub split: Split,
    /// The caption of each image, with its class in it; none by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<CaptionTemplate>,
}

const SIDE: u32 = 32;
const PLANE: usize = 1024;
const IMAGE_BYTES: usize = 1 + 3 * PLANE;
const CLASSES: usize = 10;

/// The images of CIFAR-10's batches; pixels are read when asked for.
#[derive(Debug, Clone)]
pub struct CifarBatches {
    root: PathBuf,
    batches: Vec<&'static str>,
    /// The name of each class.
    names: Vec<String>,
    /// Where each image is, and what it shows.
    entries: Vec<Entry>,
    caption: Option<CaptionTemplate>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    batch: u8,
    class: u8,
    number: u32,
}

impl CifarConfig {
    /// Checks the batches and reads the classes of their images.
    ///
    /// # Errors
    ///
    /// All name the file and what it should be: one is missing, is no whole number of images, has a class above 9, or there
    /// are not ten names.
    pub fn open(&self) -> Result<CifarBatches, DataError> {
        let layout = Layout { name: "CIFAR-10", root: &self.root };
        let batches: Vec<&str> = match self.split {
            Split::Train => {
                vec!["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"]
            }
            Split::Validation => vec!["test_batch.bin"],
        };
        let names = lines(&layout.text("batches.meta.txt", "the names of the classes, one a line")?);
        if names.len() != CLASSES {
            return Err(layout.refuse(format!("{CLASSES} names in batches.meta.txt"), names.len()));
        }
        let mut entries = Vec::new();
        for (batch, name) in (0..).zip(&batches) {
            let bytes = read(&layout.file(name, "images of 3073 bytes")?)?;
            if bytes.is_empty() || bytes.len() % IMAGE_BYTES != 0 {
                let expected = format!("images of {IMAGE_BYTES} bytes in {name}");
                return Err(layout.refuse(expected, format!("{} bytes", bytes.len())));
            }
            for (number, image) in (0..).zip(bytes.chunks_exact(IMAGE_BYTES)) {
                if usize::from(image[0]) >= CLASSES {
                    let expected = format!("a class below {CLASSES} for image {number} of {name}");
                    return Err(layout.refuse(expected, image[0]));
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
        // After the class.
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
