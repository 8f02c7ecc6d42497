use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files::{FileRecord, ImageFiles};
use super::layout::{Layout, lines, names};
use crate::{Damaged, DataError, Split};

/// Oxford-102: 8,189 photos of flowers of 102 kinds (Nilsback and Zisserman, 2008), with the ten captions of each by Reed
/// et al. ("Learning Deep Representations of Fine-Grained Visual Descriptions", CVPR 2016).
///
/// ```text
/// root/jpg/image_06734.jpg
/// root/text_c10/class_00001/image_06734.txt      one caption a line
/// root/trainvalclasses.txt                       class_00001, one a line
/// root/testclasses.txt
/// ```
///
/// `jpg` is from the official archive, the rest from Reed's, whose split is by class: 82 to train on, 20 for test.
/// (The official split, which has all classes on both sides, is in a file of MATLAB's and is not read.)
/// Samples are in the order of class, then image; the id is `class_00001/image_06734`, the label is the class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowersConfig {
    /// The folder.
    pub root: PathBuf,
    /// Reed's part; the test classes are those to validate on.
    pub split: Split,
    /// The folder of the captions, relative to `root`; `text_c10` by default.
    #[serde(default = "text")]
    pub text: PathBuf,
    /// What becomes of a damaged image.
    #[serde(default)]
    pub damaged: Damaged,
}

fn text() -> PathBuf {
    "text_c10".into()
}

impl FlowersConfig {
    /// Reads the classes and captions, and checks that the images are there.
    ///
    /// # Errors
    ///
    /// All name the file and what it should be: a folder, list, caption or image is missing.
    pub fn open(&self) -> Result<ImageFiles, DataError> {
        let layout = Layout { name: "Oxford-102 flowers", root: &self.root };
        let list = match self.split {
            Split::Train => "trainvalclasses.txt",
            Split::Validation => "testclasses.txt",
        };
        layout.folder("jpg", "the photos")?;
        let mut classes = lines(&layout.text(list, "the classes of this part, one a line")?);
        classes.sort_unstable();
        let mut records = Vec::new();
        for class in classes {
            let place = self.text.join(layout.named(&self.text, &class, list)?);
            let folder = layout.folder(&place, "the captions of a class")?;
            // Reed's archive has the captions as tensors beside the texts.
            for name in names(&folder)?.iter().filter_map(|name| name.strip_suffix(".txt")) {
                records.push(FileRecord {
                    id: format!("{class}/{name}"),
                    image: Path::new("jpg").join(format!("{name}.jpg")),
                    captions: layout.captions(place.join(format!("{name}.txt")))?,
                    labels: vec![class.clone()],
                    ..FileRecord::default()
                });
            }
        }
        ImageFiles::new(&layout, records, self.damaged)
    }
}
