use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files::{FileRecord, ImageFiles};
use super::layout::{Layout, names};
use super::mask::MaskFile;
use crate::{Damaged, DataError, Split};

/// ADE20K with the segmentation into 150 classes of the scene parsing benchmark (Zhou et al., "Scene Parsing through ADE20K
/// Dataset", CVPR 2017), in the layout of its archive `ADEChallengeData2016`.
///
/// ```text
/// root/images/training/ADE_train_00000001.jpg          root/images/validation/ADE_val_00000001.jpg
/// root/annotations/training/ADE_train_00000001.png     root/annotations/validation/ADE_val_00000001.png
/// root/sceneCategories.txt                             ADE_train_00000001 airport_terminal
/// ```
///
/// Labels of pixels are 1 to 150 as in `objectInfo150.txt`, and 0 for what is none of these.
/// Samples are in the order of their names; the id is the name without ending, the label is the scene.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdeConfig {
    /// The folder.
    pub root: PathBuf,
    /// `training` or `validation`.
    pub split: Split,
    /// What becomes of a damaged image or segmentation.
    #[serde(default)]
    pub damaged: Damaged,
}

impl AdeConfig {
    /// Lists the images and checks that their segmentations and scenes are there.
    ///
    /// # Errors
    ///
    /// All name the file and what it should be: a folder or file is missing, or an image has no scene.
    pub fn open(&self) -> Result<ImageFiles, DataError> {
        let layout = Layout { name: "ADE20K", root: &self.root };
        let part = match self.split {
            Split::Train => "training",
            Split::Validation => "validation",
        };
        let images = Path::new("images").join(part);
        let masks = Path::new("annotations").join(part);
        let folder = layout.folder(&images, "the photos")?;
        layout.folder(&masks, "their segmentations")?;
        let scenes = layout.pairs("sceneCategories.txt", "an image's name", "its scene")?;
        let scenes: HashMap<String, String> = scenes.into_iter().map(|line| (line.first, line.second)).collect();
        let mut records = Vec::new();
        for file in names(&folder)? {
            let Some(name) = file.strip_suffix(".jpg") else { continue };
            let Some(scene) = scenes.get(name) else {
                return Err(layout.refuse(format!("a scene for {name} in sceneCategories.txt"), "none"));
            };
            records.push(FileRecord {
                id: name.to_owned(),
                image: images.join(&file),
                labels: vec![scene.clone()],
                mask: Some(MaskFile::Map(masks.join(format!("{name}.png")))),
                ..FileRecord::default()
            });
        }
        ImageFiles::new(&layout, records, self.damaged)
    }
}
