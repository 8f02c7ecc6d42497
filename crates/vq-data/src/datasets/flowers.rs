//! Oxford-102 flowers.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::dataset::dir::{DatasetDir, lines, names};
use crate::{Damaged, DataError, DatasetLayout, FileRecord, ImageFiles, Split};

/// Oxford-102: 8,189 photos of flowers of 102 kinds (Nilsback and Zisserman, 2008), with the ten captions of each by
/// Reed et al. ("Learning Deep Representations of Fine-Grained Visual Descriptions", CVPR 2016).
///
/// ```text
/// root/jpg/image_06734.jpg
/// root/text_c10/class_00001/image_06734.txt      one caption a line
/// root/trainvalclasses.txt                       class_00001, one a line
/// root/testclasses.txt
/// ```
///
/// `jpg` is in the official archive, the rest in Reed's. Reed's split is by class: 82 for training, 20 for test.
/// (The official split, which has all classes in all parts, is in a MATLAB file, which is not read.)
/// Samples are in the order of class, then image; the id is `class_00001/image_06734`, the label is the class.
/// The layout is recognized by `text_c10` or `trainvalclasses.txt`.
///
/// # Errors of opening
///
/// A folder, list, caption or image is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowersConfig {
    /// The folder.
    pub root: PathBuf,
    /// Reed's split; the test classes are for validation.
    pub split: Split,
    /// The folder of the captions, relative to `root`; `text_c10` by default.
    #[serde(default = "text")]
    pub text: PathBuf,
    /// What is done with a damaged image.
    #[serde(default)]
    pub damaged: Damaged,
}

const TRAIN_CLASSES: &str = "trainvalclasses.txt";

fn text() -> PathBuf {
    "text_c10".into()
}

impl DatasetLayout for FlowersConfig {
    const NAME: &'static str = "Oxford-102 flowers";
    type Source = ImageFiles;

    fn with_defaults(root: &Path) -> Result<Self, DataError> {
        Ok(Self { root: root.to_owned(), split: Split::Train, text: text(), damaged: Damaged::default() })
    }

    fn detect(root: &Path) -> Result<bool, DataError> {
        Ok(root.join(text()).exists() || root.join(TRAIN_CLASSES).exists())
    }

    fn open(&self) -> Result<ImageFiles, DataError> {
        let dir = DatasetDir { name: Self::NAME, root: &self.root };
        let list = match self.split {
            Split::Train => TRAIN_CLASSES,
            Split::Validation => "testclasses.txt",
        };
        dir.folder("jpg", "the photos")?;
        let mut classes = lines(&dir.text(list, "the classes of this part, one a line")?);
        classes.sort_unstable();
        let mut records = Vec::new();
        for class in classes {
            let captions = self.text.join(dir.named(&self.text, &class, list)?);
            let folder = dir.folder(&captions, "the captions of a class")?;
            // Reed's archive has the captions also as tensors, in files with other extensions.
            for name in names(&folder)?.iter().filter_map(|name| name.strip_suffix(".txt")) {
                records.push(FileRecord {
                    id: format!("{class}/{name}"),
                    image: Path::new("jpg").join(format!("{name}.jpg")),
                    captions: dir.captions(captions.join(format!("{name}.txt")))?,
                    labels: vec![class.clone()],
                    ..FileRecord::default()
                });
            }
        }
        ImageFiles::new(&dir, records, self.damaged)
    }
}
