//! Which data set a folder holds.

use std::path::{Path, PathBuf};

use super::layout::{Layout, names};
use super::{
    AdeConfig, CaptionFile, CaptionedConfig, CelebaConfig, CelebaMasks, CifarConfig, CocoConfig, CocoYear, CubBoxes,
    CubConfig, DatasetConfig, FlowersConfig, ImageNetConfig, WebConfig,
};
use crate::folder::listing::Listing;
use crate::{Damaged, DataError, Split};

impl DatasetConfig {
    /// The values of `kind` in a configuration.
    pub const KINDS: [&'static str; 9] =
        ["captioned", "cub", "flowers", "coco", "celeba-hq", "ade20k", "cifar10", "imagenet", "webdataset"];

    /// The value of `kind`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Captioned(_) => "captioned",
            Self::Cub(_) => "cub",
            Self::Flowers(_) => "flowers",
            Self::Coco(_) => "coco",
            Self::Celeba(_) => "celeba-hq",
            Self::Ade(_) => "ade20k",
            Self::Cifar(_) => "cifar10",
            Self::ImageNet(_) => "imagenet",
            Self::Web(_) => "webdataset",
        }
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        match self {
            Self::Captioned(config) => &config.root,
            Self::Cub(config) => &config.root,
            Self::Flowers(config) => &config.root,
            Self::Coco(config) => &config.root,
            Self::Celeba(config) => &config.root,
            Self::Ade(config) => &config.root,
            Self::Cifar(config) => &config.root,
            Self::ImageNet(config) => &config.root,
            Self::Web(config) => &config.root,
        }
    }

    /// The data set that a folder holds, told by the names of its files; none if it holds images and no more.
    ///
    /// The first of these that is there decides:
    ///
    /// * a file `*.tar`: WebDataset;
    /// * `metadata.jsonl`: captioned images;
    /// * `train_test_split.txt`: CUB-200-2011;
    /// * `text_c10` or `trainvalclasses.txt`: Oxford-102 flowers;
    /// * `annotations/captions_train2014.json` or another of these: MS-COCO;
    /// * `celeba-caption`: CelebA-HQ;
    /// * `sceneCategories.txt`: ADE20K;
    /// * `batches.meta.txt`: CIFAR-10;
    /// * `train` with a folder such as `n01440764`: ImageNet;
    /// * an image with a text of its name beside it: captioned images.
    ///
    /// What the files do not tell is as [`of_kind`](Self::of_kind) has it.
    ///
    /// # Errors
    ///
    /// If the folder is missing, is none, cannot be read, or holds no image of any kind.
    pub fn detect(root: &Path) -> Result<Option<Self>, DataError> {
        let layout = Layout { name: "data", root };
        let names = names(&layout.folder("", "images, or a data set")?)?;
        let has = |place: &str| root.join(place).exists();
        let kind = if names.iter().any(|name| name.ends_with(".tar")) {
            "webdataset"
        } else if has("metadata.jsonl") {
            "captioned"
        } else if has("train_test_split.txt") {
            "cub"
        } else if has("text_c10") || has("trainvalclasses.txt") {
            "flowers"
        } else if coco_year(root).is_some() {
            "coco"
        } else if has("celeba-caption") {
            "celeba-hq"
        } else if has("sceneCategories.txt") {
            "ade20k"
        } else if has("batches.meta.txt") {
            "cifar10"
        } else if has("train") && has_synset(&root.join("train"))? {
            "imagenet"
        } else if Listing::read(root)?.files.iter().any(|file| root.join(file).with_extension("txt").is_file()) {
            "captioned"
        } else {
            return Ok(None);
        };
        Self::of_kind(kind, root).map(Some)
    }

    /// A data set of this kind in a folder, with the defaults of its configuration.
    ///
    /// Of a data set in parts it is the one to train on, of MS-COCO the year whose captions are there, else 2014. Captions
    /// are those of `metadata.jsonl` if there is one, else of the one CSV file if there is one, else those beside the images.
    ///
    /// # Errors
    ///
    /// If there is no such kind, or the folder cannot be read.
    pub fn of_kind(kind: &str, root: &Path) -> Result<Self, DataError> {
        let (root, split, damaged) = (root.to_owned(), Split::Train, Damaged::default());
        Ok(match kind {
            "captioned" => Self::Captioned(CaptionedConfig { captions: captions(&root)?, root, damaged }),
            "cub" => Self::Cub(CubConfig { root, split, text: "text".into(), boxes: CubBoxes::default(), damaged }),
            "flowers" => Self::Flowers(FlowersConfig { root, split, text: "text_c10".into(), damaged }),
            "coco" => {
                let year = coco_year(&root).unwrap_or(CocoYear::Y2014);
                Self::Coco(CocoConfig { root, year, split, images: None, damaged })
            }
            "celeba-hq" => Self::Celeba(CelebaConfig {
                root,
                images: "images".into(),
                text: "celeba-caption".into(),
                masks: CelebaMasks::default(),
                list: None,
                damaged,
            }),
            "ade20k" => Self::Ade(AdeConfig { root, split, damaged }),
            "cifar10" => Self::Cifar(CifarConfig { root, split, caption: None }),
            "imagenet" => Self::ImageNet(ImageNetConfig { root, split, mapping: None, damaged }),
            "webdataset" => Self::Web(WebConfig { root, damaged }),
            _ => return Err(DataError::unexpected("choose a data set", Self::KINDS.join(", "), kind)),
        })
    }
}

/// Where the captions of a folder of captioned images are.
fn captions(root: &Path) -> Result<CaptionFile, DataError> {
    if root.join("metadata.jsonl").exists() {
        return Ok(CaptionFile::Metadata);
    }
    let folder = Layout { name: "captioned images", root }.folder("", "images with captions")?;
    let tables: Vec<String> = names(&folder)?.into_iter().filter(|name| name.ends_with(".csv")).collect();
    Ok(match &tables[..] {
        [table] => CaptionFile::csv(PathBuf::from(table)),
        _ => CaptionFile::Sidecar,
    })
}

fn coco_year(root: &Path) -> Option<CocoYear> {
    let years = [("2014", CocoYear::Y2014), ("2017", CocoYear::Y2017)];
    let there = |year: &str, part: &str| root.join(format!("annotations/captions_{part}{year}.json")).exists();
    years.into_iter().find(|(year, _)| there(year, "train") || there(year, "val")).map(|(_, year)| year)
}

/// Whether there is a folder named by a noun of WordNet.
fn has_synset(train: &Path) -> Result<bool, DataError> {
    if !train.is_dir() {
        return Ok(false);
    }
    let synset = |name: &str| {
        let digits = name.strip_prefix('n').unwrap_or_default();
        digits.len() == 8 && digits.bytes().all(|digit| digit.is_ascii_digit())
    };
    Ok(names(train)?.iter().any(|name| synset(name)))
}
