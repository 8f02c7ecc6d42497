use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files::{FileRecord, ImageFiles};
use super::layout::Layout;
use crate::{Damaged, DataError, Split};

/// CUB-200-2011: 11,788 photos of birds of 200 species (Wah et al., 2011), with the ten captions of each by Reed et al.
/// ("Learning Deep Representations of Fine-Grained Visual Descriptions", CVPR 2016).
///
/// ```text
/// root/images.txt              1 001.Black_footed_Albatross/Black_Footed_Albatross_0046_18111.jpg
/// root/train_test_split.txt    1 0                     (1: training, 0: test)
/// root/images/001.Black_footed_Albatross/Black_Footed_Albatross_0046_18111.jpg
/// root/text/001.Black_footed_Albatross/Black_Footed_Albatross_0046_18111.txt     one caption a line
/// ```
///
/// The first two files and `images` are those of the official archive; the captions' folder, from Reed's archive or
/// StackGAN's, is called `text_c10` or `text` there, and `text` names it.
/// Samples are in the order of `images.txt`; the id is the path in `images`, the label is the folder of the species.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CubConfig {
    /// The folder.
    pub root: PathBuf,
    /// The official part; the test images are those to validate on.
    pub split: Split,
    /// The folder of the captions, relative to `root`; `text` by default.
    #[serde(default = "text")]
    pub text: PathBuf,
    /// What becomes of a damaged image.
    #[serde(default)]
    pub damaged: Damaged,
}

fn text() -> PathBuf {
    "text".into()
}

impl CubConfig {
    /// Reads the list, the split and the captions, and checks that the images are there.
    ///
    /// # Errors
    ///
    /// All name the file and what it should be: a file is missing, a line is not as documented, or an image has no split.
    pub fn open(&self) -> Result<ImageFiles, DataError> {
        let layout = Layout { name: "CUB-200-2011", root: &self.root };
        let images = layout.pairs("images.txt", "an image's number", "its path in images")?;
        let split = layout.pairs("train_test_split.txt", "an image's number", "1 for training or 0 for test")?;
        layout.folder("images", "the photos, in folders by species")?;
        layout.folder(&self.text, "the captions, in folders by species")?;
        let parts: HashMap<&str, &str> = split.iter().map(|line| (&*line.first, &*line.second)).collect();
        let mut records = Vec::new();
        for line in &images {
            let part = match parts.get(&*line.first) {
                Some(&"1") => Split::Train,
                Some(&"0") => Split::Validation,
                other => {
                    let expected = format!("1 or 0 for image {} in train_test_split.txt", line.first);
                    return Err(layout.refuse(expected, other.map_or("no line", |part| part)));
                }
            };
            if part != self.split {
                continue;
            }
            let within = layout.root.join("images");
            let path = layout.named(&within, &line.second, "images.txt")?;
            let captions = layout.captions(self.text.join(path.with_extension("txt")))?;
            let species = match line.second.split_once('/') {
                Some((species, _)) => species.to_owned(),
                None => {
                    let expected = format!("a species' folder and a file for image {} in images.txt", line.first);
                    return Err(layout.refuse(expected, format!("{:?}", line.second)));
                }
            };
            let image = Path::new("images").join(&path);
            records.push(FileRecord { id: line.second.clone(), image, captions, labels: vec![species], mask: None });
        }
        ImageFiles::new(&layout, records, self.damaged)
    }
}
