//! ADE20K.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::dataset::dir::{DatasetDir, names};
use crate::{Damaged, DataError, DatasetLayout, FileRecord, ImageFiles, MaskFile, Split};

/// ADE20K with the segmentation into 150 classes of the scene parsing benchmark (Zhou et al., "Scene Parsing through
/// ADE20K Dataset", CVPR 2017), in the layout of its archive `ADEChallengeData2016`.
///
/// ```text
/// root/images/training/ADE_train_00000001.jpg          root/images/validation/ADE_val_00000001.jpg
/// root/annotations/training/ADE_train_00000001.png     root/annotations/validation/ADE_val_00000001.png
/// root/sceneCategories.txt                             ADE_train_00000001 airport_terminal
/// ```
///
/// Labels of pixels are 1 to 150 as in `objectInfo150.txt`, and 0 for all else.
/// Samples are in the order of their names; the id is the name without extension, the label is the scene.
/// The layout is recognized by `sceneCategories.txt`.
///
/// # Errors of opening
///
/// A folder or file is missing, or an image has no scene.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdeConfig {
    /// The folder.
    pub root: PathBuf,
    /// `training` or `validation`.
    pub split: Split,
    /// What is done with a damaged image or segmentation.
    #[serde(default)]
    pub damaged: Damaged,
}

const SCENES: &str = "sceneCategories.txt";

impl DatasetLayout for AdeConfig {
    const NAME: &'static str = "ADE20K";
    type Source = ImageFiles;

    fn with_defaults(root: &Path) -> Result<Self, DataError> {
        Ok(Self { root: root.to_owned(), split: Split::Train, damaged: Damaged::default() })
    }

    fn detect(root: &Path) -> Result<bool, DataError> {
        Ok(root.join(SCENES).exists())
    }

    fn open(&self) -> Result<ImageFiles, DataError> {
        let dir = DatasetDir { name: Self::NAME, root: &self.root };
        let part = match self.split {
            Split::Train => "training",
            Split::Validation => "validation",
        };
        let images = Path::new("images").join(part);
        let masks = Path::new("annotations").join(part);
        let folder = dir.folder(&images, "the photos")?;
        dir.folder(&masks, "their segmentations")?;
        let scenes = dir.pairs(SCENES, "an image's name", "its scene")?;
        let scenes: HashMap<String, String> = scenes.into_iter().map(|line| (line.first, line.second)).collect();
        let mut records = Vec::new();
        for file in names(&folder)? {
            let Some(name) = file.strip_suffix(".jpg") else { continue };
            let Some(scene) = scenes.get(name) else {
                return Err(dir.refuse(format!("a scene for {name} in {SCENES}"), "none"));
            };
            records.push(FileRecord {
                id: name.to_owned(),
                image: images.join(&file),
                labels: vec![scene.clone()],
                mask: Some(MaskFile::Map(masks.join(format!("{name}.png")))),
                ..FileRecord::default()
            });
        }
        ImageFiles::new(&dir, records, self.damaged)
    }
}
