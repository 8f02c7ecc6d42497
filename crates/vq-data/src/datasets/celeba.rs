use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files::{FileRecord, ImageFiles};
use super::layout::{Layout, lines, names};
use super::mask::{MaskFile, MaskPart};
use crate::{Damaged, DataError, LabelSides};

/// CelebA-HQ: 30,000 faces, with ten captions each by Multi-Modal-CelebA-HQ (Xia et al., "TediGAN", CVPR 2021) and with the
/// masks of CelebAMask-HQ (Lee et al., "MaskGAN", CVPR 2020).
///
/// ```text
/// root/images/0.jpg
/// root/celeba-caption/0.txt                             one caption a line
/// root/CelebAMask-HQ-mask-anno/0/00000_hair.png         parts: 2,000 images a folder
/// root/masks/0.png                                      or one map an image
/// ```
///
/// Labels of pixels, as CelebAMask-HQ's `g_mask.py` numbers them: 0 background, 1 skin, 2 nose, 3 glasses, 4 left eye,
/// 5 right eye, 6 left brow, 7 right brow, 8 left ear, 9 right ear, 10 mouth, 11 upper lip, 12 lower lip, 13 hair, 14 hat,
/// 15 earring, 16 necklace, 17 neck, 18 cloth. Parts are laid over each other in this order. (Other tools number them in
/// another order; a combined map must have this one.)
/// Masks are of 512x512 where images are of 1024x1024; they come at the size of the image. A mirrored image exchanges the
/// labels of left and right eye, brow and ear.
///
/// Samples are in the order of their numbers; the id is the number.
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
    /// Where the masks are, if they are to be read.
    #[serde(default)]
    pub masks: CelebaMasks,
    /// A file with the names of the images that count, such as `0.jpg` or `0`, one a line, relative to `root`; without it
    /// all do. (The published split is in files of Python's pickle, which are not read.)
    #[serde(default)]
    pub list: Option<PathBuf>,
    /// What becomes of a damaged image or mask.
    #[serde(default)]
    pub damaged: Damaged,
}

/// Where the masks of CelebA-HQ are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum CelebaMasks {
    /// They are not read.
    #[default]
    None,
    /// In an image for each part; a part that an image lacks has no file.
    Parts {
        /// The folder, relative to `root`, such as `CelebAMask-HQ-mask-anno`.
        folder: PathBuf,
    },
    /// In one grey image `0.png` for each, whose levels are the labels.
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

/// The endings of the parts' names; a part's label is its place, from 1.
const PARTS: [&str; 18] = [
    "skin", "nose", "eye_g", "l_eye", "r_eye", "l_brow", "r_brow", "l_ear", "r_ear", "mouth", "u_lip", "l_lip", "hair",
    "hat", "ear_r", "neck_l", "neck", "cloth",
];

static SIDES: [LabelSides; 3] =
    [LabelSides { left: 4, right: 5 }, LabelSides { left: 6, right: 7 }, LabelSides { left: 8, right: 9 }];

/// How many images have their parts in one folder.
const PER_FOLDER: u32 = 2000;

impl CelebaConfig {
    /// Lists the images, reads their captions and checks that the masks are there.
    ///
    /// # Errors
    ///
    /// All name the file and what it should be: a folder, list, image, caption or mask is missing, an image's name is no
    /// number, or it has no part at all.
    pub fn open(&self) -> Result<ImageFiles, DataError> {
        let layout = Layout { name: "CelebA-HQ", root: &self.root };
        let folder = layout.folder(&self.images, "the images")?;
        layout.folder(&self.text, "the captions")?;
        let listed = match &self.list {
            Some(list) => lines(&layout.text(list, "the names of images, one a line")?),
            None => names(&folder)?.into_iter().filter(|name| name.ends_with(".jpg")).collect(),
        };
        let mut numbers = Vec::with_capacity(listed.len());
        for name in &listed {
            let number = name.strip_suffix(".jpg").unwrap_or(name).parse::<u32>();
            numbers.push(number.map_err(|_| layout.refuse("images with numbers for names", format!("{name:?}")))?);
        }
        numbers.sort_unstable();
        if let CelebaMasks::Parts { folder } | CelebaMasks::Combined { folder } = &self.masks {
            layout.folder(folder, "the masks")?;
        }
        let record = |number: u32| {
            Ok(FileRecord {
                id: number.to_string(),
                image: self.images.join(format!("{number}.jpg")),
                captions: layout.captions(self.text.join(format!("{number}.txt")))?,
                mask: self.mask(&layout, number)?,
                ..FileRecord::default()
            })
        };
        let records = numbers.into_iter().map(record).collect::<Result<_, DataError>>()?;
        ImageFiles::new(&layout, records, self.damaged)
    }

    fn mask(&self, layout: &Layout<'_>, number: u32) -> Result<Option<MaskFile>, DataError> {
        Ok(match &self.masks {
            CelebaMasks::None => None,
            CelebaMasks::Combined { folder } => {
                Some(MaskFile::Combined { path: folder.join(format!("{number}.png")), sides: &SIDES })
            }
            CelebaMasks::Parts { folder } => {
                let folder = folder.join((number / PER_FOLDER).to_string());
                let place = |part: &str| folder.join(format!("{number:05}_{part}.png"));
                let there = |path: &Path| layout.root.join(path).is_file();
                let parts: Vec<MaskPart> = (1..)
                    .zip(PARTS)
                    .map(|(label, part)| MaskPart { path: place(part), label })
                    .filter(|part| there(&part.path))
                    .collect();
                if parts.is_empty() {
                    let expected = format!("parts such as {}", layout.root.join(place(PARTS[0])).display());
                    return Err(layout.refuse(expected, "none of them"));
                }
                Some(MaskFile::Parts { parts, sides: &SIDES })
            }
        })
    }
}
