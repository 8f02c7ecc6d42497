//! MS-COCO.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::dataset::dir::{DatasetDir, read};
use crate::{Damaged, DataError, DatasetLayout, FileRecord, ImageFiles, Split};

/// MS-COCO with its captions, about five an image (Chen et al., "Microsoft COCO Captions", 2015).
///
/// ```text
/// root/annotations/captions_train2014.json
/// root/train2014/COCO_train2014_000000000009.jpg      root/train2017/000000000009.jpg
/// root/annotations/captions_val2014.json
/// root/val2014/COCO_val2014_000000000042.jpg          root/val2017/000000000139.jpg
/// ```
///
/// `images` (`id`, `file_name`) and `annotations` (`id`, `image_id`, `caption`) of the JSON are read. The whole file is
/// held in memory meanwhile, some 70 MB for `train2014`.
/// Samples are in the order of the images' numbers, captions in the order of theirs; the id is the file name.
/// The layout is recognized by `annotations/captions_train2014.json` or that of `val` or 2017; the year is that of the
/// file, by default 2014.
///
/// # Errors of opening
///
/// A file is missing, the JSON is not as documented, a caption belongs to no image, or an image has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CocoConfig {
    /// The folder.
    pub root: PathBuf,
    /// The year of the split; both years have the same images.
    pub year: CocoYear,
    /// `train` or `val`.
    pub split: Split,
    /// The folder of the split's images, relative to `root`; by default the name of the split, such as `train2014`.
    #[serde(default)]
    pub images: Option<PathBuf>,
    /// What is done with a damaged image.
    #[serde(default)]
    pub damaged: Damaged,
}

/// The year of a split of MS-COCO.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CocoYear {
    /// 82,783 images for training, 40,504 for validation.
    #[serde(rename = "2014")]
    Y2014,
    /// 118,287 images for training, 5,000 for validation.
    #[serde(rename = "2017")]
    Y2017,
}

#[derive(Deserialize)]
struct File {
    images: Vec<Image>,
    annotations: Vec<Annotation>,
}

#[derive(Deserialize)]
struct Image {
    id: u64,
    file_name: String,
}

#[derive(Deserialize)]
struct Annotation {
    id: u64,
    image_id: u64,
    caption: String,
}

impl DatasetLayout for CocoConfig {
    const NAME: &'static str = "MS-COCO";
    type Source = ImageFiles;

    fn with_defaults(root: &Path) -> Result<Self, DataError> {
        let year = detected_year(root).unwrap_or(CocoYear::Y2014);
        Ok(Self { root: root.to_owned(), year, split: Split::Train, images: None, damaged: Damaged::default() })
    }

    fn detect(root: &Path) -> Result<bool, DataError> {
        Ok(detected_year(root).is_some())
    }

    fn open(&self) -> Result<ImageFiles, DataError> {
        let dir = DatasetDir { name: Self::NAME, root: &self.root };
        let part = match (self.split, self.year) {
            (Split::Train, CocoYear::Y2014) => "train2014",
            (Split::Validation, CocoYear::Y2014) => "val2014",
            (Split::Train, CocoYear::Y2017) => "train2017",
            (Split::Validation, CocoYear::Y2017) => "val2017",
        };
        let folder = self.images.clone().unwrap_or_else(|| part.into());
        let within = dir.folder(&folder, "the images")?;
        let path = dir.file(format!("annotations/captions_{part}.json"), "images and annotations")?;
        let json: File = serde_json::from_slice(&read(&path)?)
            .map_err(|source| DataError::Json { what: path.display().to_string(), source })?;

        let mut captions: BTreeMap<u64, BTreeMap<u64, String>> = BTreeMap::new();
        for annotation in json.annotations {
            let caption = annotation.caption.trim().to_owned();
            let before = captions.entry(annotation.image_id).or_default().insert(annotation.id, caption);
            if before.is_some() {
                let expected = format!("every annotation once in {}", path.display());
                return Err(dir.refuse(expected, format!("annotation {} twice", annotation.id)));
            }
        }
        let mut images = json.images;
        images.sort_unstable_by_key(|image| image.id);
        let mut records = Vec::with_capacity(images.len());
        for Image { id, file_name } in images {
            let Some(captions) = captions.remove(&id) else {
                return Err(dir.refuse(format!("a caption of image {id} in {}", path.display()), "none"));
            };
            let image = folder.join(dir.named(&within, &file_name, &path.display().to_string())?);
            let captions = captions.into_values().filter(|caption| !caption.is_empty()).collect();
            records.push(FileRecord { id: file_name, image, captions, ..FileRecord::default() });
        }
        if let Some(id) = captions.keys().next() {
            let expected = format!("captions of the images in {}", path.display());
            return Err(dir.refuse(expected, format!("one of image {id}")));
        }
        ImageFiles::new(&dir, records, self.damaged)
    }
}

/// The year of the caption files in a folder.
fn detected_year(root: &Path) -> Option<CocoYear> {
    let years = [("2014", CocoYear::Y2014), ("2017", CocoYear::Y2017)];
    let exists = |year: &str, part: &str| root.join(format!("annotations/captions_{part}{year}.json")).exists();
    years.into_iter().find(|(year, _)| exists(year, "train") || exists(year, "val")).map(|(_, year)| year)
}
