//! CUB-200-2011.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::dataset::dir::DatasetDir;
use crate::{Damaged, DataError, DatasetLayout, FileRecord, ImageFiles, LabelledBox, Split};

/// CUB-200-2011: 11,788 photos of birds of 200 species (Wah et al., 2011), with the ten captions of each by Reed et al.
/// ("Learning Deep Representations of Fine-Grained Visual Descriptions", CVPR 2016).
///
/// ```text
/// root/images.txt              1 001.Black_footed_Albatross/Black_Footed_Albatross_0046_18111.jpg
/// root/train_test_split.txt    1 0                     (1: training, 0: test)
/// root/images/001.Black_footed_Albatross/Black_Footed_Albatross_0046_18111.jpg
/// root/bounding_boxes.txt      1 60.0 27.0 325.0 304.0            (left, top, width, height), with `boxes = "read"`
/// root/text/001.Black_footed_Albatross/Black_Footed_Albatross_0046_18111.txt     one caption a line
/// ```
///
/// These files and `images` are in the official archive. The folder of the captions is in Reed's archive or StackGAN's,
/// as `text_c10` or `text`; the key `text` names it.
/// Samples are in the order of `images.txt`; the id is the path in `images`, the label is the folder of the species.
/// The layout is recognized by `train_test_split.txt`.
///
/// # Errors of opening
///
/// A file is missing, a line is not as documented, or an image has no split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CubConfig {
    /// The folder.
    pub root: PathBuf,
    /// The official split; the test images are for validation.
    pub split: Split,
    /// The folder of the captions, relative to `root`; `text` by default.
    #[serde(default = "text")]
    pub text: PathBuf,
    /// Whether the boxes around the birds are read.
    #[serde(default)]
    pub boxes: CubBoxes,
    /// What is done with a damaged image.
    #[serde(default)]
    pub damaged: Damaged,
}

/// Whether the boxes around the birds of CUB-200-2011 are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CubBoxes {
    /// Samples have no box.
    #[default]
    Unread,
    /// Samples have the box of `bounding_boxes.txt`, whose label is the species.
    Read,
}

const SPLIT: &str = "train_test_split.txt";

fn text() -> PathBuf {
    "text".into()
}

impl DatasetLayout for CubConfig {
    const NAME: &'static str = "CUB-200-2011";
    type Source = ImageFiles;

    fn with_defaults(root: &Path) -> Result<Self, DataError> {
        let (boxes, damaged) = (CubBoxes::default(), Damaged::default());
        Ok(Self { root: root.to_owned(), split: Split::Train, text: text(), boxes, damaged })
    }

    fn detect(root: &Path) -> Result<bool, DataError> {
        Ok(root.join(SPLIT).exists())
    }

    fn open(&self) -> Result<ImageFiles, DataError> {
        let dir = DatasetDir { name: Self::NAME, root: &self.root };
        let images = dir.pairs("images.txt", "an image's number", "its path in images")?;
        let split = dir.pairs(SPLIT, "an image's number", "1 for training or 0 for test")?;
        dir.folder("images", "the photos, in folders by species")?;
        dir.folder(&self.text, "the captions, in folders by species")?;
        let parts: HashMap<&str, &str> = split.iter().map(|line| (&*line.first, &*line.second)).collect();
        let boxes = match self.boxes {
            CubBoxes::Unread => None,
            CubBoxes::Read => Some(dir.pairs("bounding_boxes.txt", "an image's number", "left, top, width, height")?),
        };
        let boxes: Option<HashMap<&str, &str>> =
            boxes.as_ref().map(|lines| lines.iter().map(|line| (&*line.first, &*line.second)).collect());
        let mut records = Vec::new();
        for line in &images {
            let part = match parts.get(&*line.first) {
                Some(&"1") => Split::Train,
                Some(&"0") => Split::Validation,
                other => {
                    let expected = format!("1 or 0 for image {} in {SPLIT}", line.first);
                    return Err(dir.refuse(expected, other.map_or("no line", |part| part)));
                }
            };
            if part != self.split {
                continue;
            }
            let within = dir.root.join("images");
            let path = dir.named(&within, &line.second, "images.txt")?;
            let captions = dir.captions(self.text.join(path.with_extension("txt")))?;
            let species = match line.second.split_once('/') {
                Some((species, _)) => species.to_owned(),
                None => {
                    let expected = format!("a species' folder and a file for image {} in images.txt", line.first);
                    return Err(dir.refuse(expected, format!("{:?}", line.second)));
                }
            };
            let image = Path::new("images").join(&path);
            let boxes = match &boxes {
                Some(boxes) => vec![bird_box(&dir, &line.first, boxes.get(&*line.first).copied(), &species)?],
                None => Vec::new(),
            };
            records.push(FileRecord {
                id: line.second.clone(),
                image,
                captions,
                labels: vec![species],
                mask: None,
                boxes,
            });
        }
        ImageFiles::new(&dir, records, self.damaged)
    }
}

/// The box in a line of `bounding_boxes.txt`.
fn bird_box(dir: &DatasetDir<'_>, image: &str, line: Option<&str>, species: &str) -> Result<LabelledBox, DataError> {
    let numbers: Vec<f64> = line.unwrap_or_default().split_whitespace().map_while(|word| word.parse().ok()).collect();
    match numbers[..] {
        [left, top, width, height]
            if numbers.iter().all(|number| number.is_finite()) && width > 0.0 && height > 0.0 =>
        {
            Ok(LabelledBox { label: species.to_owned(), left, top, width, height })
        }
        _ => {
            let expected = format!("left, top, width and height of image {image} in bounding_boxes.txt");
            Err(dir.refuse(expected, line.map_or_else(|| "no line".to_owned(), |line| format!("{line:?}"))))
        }
    }
}
