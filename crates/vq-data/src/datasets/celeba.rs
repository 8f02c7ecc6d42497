//! CelebA-HQ.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::dataset::dir::{DatasetDir, lines, names};
use crate::{Damaged, DataError, DatasetLayout, FileRecord, ImageFiles, LabelSides, MaskFile, MaskPart};

/// CelebA-HQ: 30,000 faces, with ten captions each by Multi-Modal-CelebA-HQ (Xia et al., "TediGAN", CVPR 2021) and with
/// the masks of CelebAMask-HQ (Lee et al., "MaskGAN", CVPR 2020).
///
/// ```text
/// root/images/0.jpg
/// root/celeba-caption/0.txt                             one caption a line
/// root/CelebAMask-HQ-mask-anno/0/00000_hair.png         parts: 2,000 images a folder
/// root/masks/0.png                                      or one map an image
/// ```
///
/// Labels of pixels, as CelebAMask-HQ's `g_mask.py` numbers them: 0 background, 1 skin, 2 nose, 3 glasses, 4 left eye,
/// 5 right eye, 6 left brow, 7 right brow, 8 left ear, 9 right ear, 10 mouth, 11 upper lip, 12 lower lip, 13 hair, 14
/// hat, 15 earring, 16 necklace, 17 neck, 18 cloth. Parts are drawn over each other in this order. (Other tools number
/// them in another order; a combined map must have this one.)
/// The published masks are of 512x512 and the images of 1024x1024; a mask is resized to its image. A mirrored image
/// exchanges the labels of left and right eye, brow and ear.
///
/// Samples are in the order of their numbers; the id is the number.
/// The layout is recognized by the folder `celeba-caption`.
///
/// # Errors of opening
///
/// A folder, list, image, caption or mask is missing, the name of an image is not a number, or an image has no part at
/// all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CelebaConfig {
    /// The folder.
    pub root: PathBuf,
    /// The folder of the images, relative to `root`; `images` by default.
    #[serde(default = "images")]
    pub images: PathBuf,
    /// The folder of the captions, relative to `root`; `celeba-caption` by default.
    #[serde(default = "text")]
    pub text: PathBuf,
    /// The files of the masks; by default none are read.
    #[serde(default)]
    pub masks: CelebaMasks,
    /// A file with the names of the images that are taken, such as `0.jpg` or `0`, one a line, relative to `root`; by
    /// default all are taken. (The published split is in files of Python's pickle, which are not read.)
    #[serde(default)]
    pub list: Option<PathBuf>,
    /// What is done with a damaged image or mask.
    #[serde(default)]
    pub damaged: Damaged,
}

/// The files of the masks of CelebA-HQ.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum CelebaMasks {
    /// Masks are not read.
    #[default]
    None,
    /// One image for each part; a part that an image lacks has no file.
    Parts {
        /// The folder, relative to `root`, such as `CelebAMask-HQ-mask-anno`.
        folder: PathBuf,
    },
    /// One grey image such as `0.png` for each image, whose levels are the labels.
    Combined {
        /// The folder, relative to `root`.
        folder: PathBuf,
    },
}

fn images() -> PathBuf {
    "images".into()
}

fn text() -> PathBuf {
    "celeba-caption".into()
}

/// The suffixes of the parts' names; the label of a part is its position, from 1.
const PARTS: [&str; 18] = [
    "skin", "nose", "eye_g", "l_eye", "r_eye", "l_brow", "r_brow", "l_ear", "r_ear", "mouth", "u_lip", "l_lip", "hair",
    "hat", "ear_r", "neck_l", "neck", "cloth",
];

static SIDES: [LabelSides; 3] =
    [LabelSides { left: 4, right: 5 }, LabelSides { left: 6, right: 7 }, LabelSides { left: 8, right: 9 }];

/// The number of images whose parts are in one folder.
const PER_FOLDER: u32 = 2000;

impl DatasetLayout for CelebaConfig {
    const NAME: &'static str = "CelebA-HQ";
    type Source = ImageFiles;

    fn with_defaults(root: &Path) -> Result<Self, DataError> {
        Ok(Self {
            root: root.to_owned(),
            images: images(),
            text: text(),
            masks: CelebaMasks::default(),
            list: None,
            damaged: Damaged::default(),
        })
    }

    fn detect(root: &Path) -> Result<bool, DataError> {
        Ok(root.join(text()).exists())
    }

    fn open(&self) -> Result<ImageFiles, DataError> {
        let dir = DatasetDir { name: Self::NAME, root: &self.root };
        let folder = dir.folder(&self.images, "the images")?;
        dir.folder(&self.text, "the captions")?;
        let listed = match &self.list {
            Some(list) => lines(&dir.text(list, "the names of images, one a line")?),
            None => names(&folder)?.into_iter().filter(|name| name.ends_with(".jpg")).collect(),
        };
        let mut numbers = Vec::with_capacity(listed.len());
        for name in &listed {
            let number = name.strip_suffix(".jpg").unwrap_or(name).parse::<u32>();
            numbers.push(number.map_err(|_| dir.refuse("images whose names are numbers", format!("{name:?}")))?);
        }
        numbers.sort_unstable();
        if let CelebaMasks::Parts { folder } | CelebaMasks::Combined { folder } = &self.masks {
            dir.folder(folder, "the masks")?;
        }
        let record = |number: u32| {
            Ok(FileRecord {
                id: number.to_string(),
                image: self.images.join(format!("{number}.jpg")),
                captions: dir.captions(self.text.join(format!("{number}.txt")))?,
                mask: self.mask(&dir, number)?,
                ..FileRecord::default()
            })
        };
        let records = numbers.into_iter().map(record).collect::<Result<_, DataError>>()?;
        ImageFiles::new(&dir, records, self.damaged)
    }
}

impl CelebaConfig {
    fn mask(&self, dir: &DatasetDir<'_>, number: u32) -> Result<Option<MaskFile>, DataError> {
        Ok(match &self.masks {
            CelebaMasks::None => None,
            CelebaMasks::Combined { folder } => {
                Some(MaskFile::Combined { path: folder.join(format!("{number}.png")), sides: &SIDES })
            }
            CelebaMasks::Parts { folder } => {
                let folder = folder.join((number / PER_FOLDER).to_string());
                let path = |part: &str| folder.join(format!("{number:05}_{part}.png"));
                let exists = |path: &Path| dir.root.join(path).is_file();
                let parts: Vec<MaskPart> = (1..)
                    .zip(PARTS)
                    .map(|(label, part)| MaskPart { path: path(part), label })
                    .filter(|part| exists(&part.path))
                    .collect();
                if parts.is_empty() {
                    let expected = format!("parts such as {}", dir.root.join(path(PARTS[0])).display());
                    return Err(dir.refuse(expected, "none of them"));
                }
                Some(MaskFile::Parts { parts, sides: &SIDES })
            }
        })
    }
}
