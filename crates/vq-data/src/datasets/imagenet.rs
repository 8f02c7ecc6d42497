//! ImageNet.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::dataset::dir::{DatasetDir, lines, names};
use crate::listing::{Listing, path_id, readable};
use crate::{Damaged, DataError, DatasetLayout, FileRecord, ImageFiles, Split};

/// ImageNet's 1,000 classes (Russakovsky et al., "ImageNet Large Scale Visual Recognition Challenge", 2015).
///
/// ```text
/// root/train/n01440764/n01440764_10026.JPEG
/// root/val/n01440764/ILSVRC2012_val_00000293.JPEG      or, with a mapping file,
/// root/val/ILSVRC2012_val_00000293.JPEG
/// ```
///
/// The mapping file has a line for each validation image: its name, with or without extension, and its class, separated
/// by a space or comma. The rest of a line is ignored, and so is a header that begins with `ImageId`, so Kaggle's
/// `LOC_val_solution.csv` is a mapping file.
/// Samples are in the order of the bytes of their paths; the id is the path in `train` or `val`, the label is the
/// class.
/// The layout is recognized by a folder such as `n01440764` in `train`.
///
/// # Errors of opening
///
/// A folder or the mapping file is missing, or an image has no class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageNetConfig {
    /// The folder.
    pub root: PathBuf,
    /// `train` or `val`.
    pub split: Split,
    /// The mapping file, relative to `root`, if `val` has no folders; the training split does not read it.
    #[serde(default)]
    pub mapping: Option<PathBuf>,
    /// What is done with a damaged image.
    #[serde(default)]
    pub damaged: Damaged,
}

impl DatasetLayout for ImageNetConfig {
    const NAME: &'static str = "ImageNet";
    type Source = ImageFiles;

    fn with_defaults(root: &Path) -> Result<Self, DataError> {
        Ok(Self { root: root.to_owned(), split: Split::Train, mapping: None, damaged: Damaged::default() })
    }

    fn detect(root: &Path) -> Result<bool, DataError> {
        has_synset(&root.join("train"))
    }

    fn open(&self) -> Result<ImageFiles, DataError> {
        let dir = DatasetDir { name: Self::NAME, root: &self.root };
        let part = match self.split {
            Split::Train => "train",
            Split::Validation => "val",
        };
        let folder = dir.folder(part, "the images")?;
        let mapping = match (&self.mapping, self.split) {
            (Some(file), Split::Validation) => Some(mapping(&dir, file)?),
            _ => None,
        };
        let class_of = |file: &Path| {
            let refuse = |expected: String, got: &str| Err(dir.refuse(expected, got));
            let parts: Vec<String> = file.iter().map(|part| readable(part.as_encoded_bytes())).collect();
            match (parts.as_slice(), &mapping) {
                ([class, _], None) => Ok(class.clone()),
                ([name], Some(classes)) => {
                    let stem = name.rsplit_once('.').map_or(&**name, |(stem, _)| stem);
                    match classes.get(stem) {
                        Some(class) => Ok(class.clone()),
                        None => refuse(format!("a class for {stem} in the mapping file"), "none"),
                    }
                }
                (_, None) => refuse(format!("{part}/CLASS/IMAGE for {part}/{}", parts.join("/")), "another depth"),
                (_, Some(_)) => refuse(format!("{part}/IMAGE for {part}/{}", parts.join("/")), "another depth"),
            }
        };
        let record = |file: PathBuf| {
            let labels = vec![class_of(&file)?];
            let id = path_id(&file);
            Ok(FileRecord { id, image: Path::new(part).join(file), labels, ..FileRecord::default() })
        };
        let records = Listing::read(&folder)?.files.into_iter().map(record).collect::<Result<_, DataError>>()?;
        ImageFiles::new(&dir, records, self.damaged)
    }
}

/// The class of each image name without extension.
fn mapping(dir: &DatasetDir<'_>, file: &Path) -> Result<HashMap<String, String>, DataError> {
    let text = dir.text(file, "lines of an image's name and its class")?;
    let lines = lines(&text);
    let mut classes = HashMap::with_capacity(lines.len());
    for (at, line) in lines.iter().enumerate().filter(|(at, line)| *at > 0 || !line.starts_with("ImageId")) {
        let mut words = line.split([' ', '\t', ',']).filter(|word| !word.is_empty());
        let (Some(name), Some(class)) = (words.next(), words.next()) else {
            let expected = format!("a name and a class in line {} of {}", at + 1, dir.root.join(file).display());
            return Err(dir.refuse(expected, format!("{line:?}")));
        };
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        classes.insert(stem.to_owned(), class.to_owned());
    }
    Ok(classes)
}

/// Whether a folder contains one that is named by a WordNet id.
fn has_synset(train: &Path) -> Result<bool, DataError> {
    if !train.is_dir() {
        return Ok(false);
    }
    let is_synset = |name: &String| {
        let digits = name.strip_prefix('n').unwrap_or_default();
        digits.len() == 8 && digits.bytes().all(|digit| digit.is_ascii_digit())
    };
    Ok(names(train)?.iter().any(is_synset))
}
