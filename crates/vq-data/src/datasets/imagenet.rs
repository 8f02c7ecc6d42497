use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files::{FileRecord, ImageFiles};
use super::layout::{Layout, lines};
use crate::folder::listing::{Listing, path_key};
use crate::folder::readable;
use crate::{Damaged, DataError, Split};

/// ImageNet's 1,000 classes (Russakovsky et al., "ImageNet Large Scale Visual Recognition Challenge", 2015).
///
/// ```text
/// root/train/n01440764/n01440764_10026.JPEG
/// root/val/n01440764/ILSVRC2012_val_00000293.JPEG      or, with a mapping file,
/// root/val/ILSVRC2012_val_00000293.JPEG
/// ```
///
/// The mapping file has a line for each validation image: its name, with or without ending, and its class, with a space or
/// comma between; what follows does not count, nor does a header that begins with `ImageId` (so Kaggle's
/// `LOC_val_solution.csv` is one).
/// Samples are in the order of the bytes of their paths; the id is the path in `train` or `val`, the label is the class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageNetConfig {
    /// The folder.
    pub root: PathBuf,
    /// `train` or `val`.
    pub split: Split,
    /// The mapping file, relative to `root`, if `val` is flat; `train` never is, and does not read it.
    #[serde(default)]
    pub mapping: Option<PathBuf>,
    /// What becomes of a damaged image.
    #[serde(default)]
    pub damaged: Damaged,
}

impl ImageNetConfig {
    /// Lists the images with their classes.
    ///
    /// # Errors
    ///
    /// All name the file and what it should be: a folder or the mapping file is missing, or an image has no class.
    pub fn open(&self) -> Result<ImageFiles, DataError> {
        let layout = Layout { name: "ImageNet", root: &self.root };
        let part = match self.split {
            Split::Train => "train",
            Split::Validation => "val",
        };
        let folder = layout.folder(part, "the images")?;
        let mapping = match (&self.mapping, self.split) {
            (Some(file), Split::Validation) => Some(mapping(&layout, file)?),
            _ => None,
        };
        let class_of = |file: &Path| {
            let refuse = |expected: String, got: &str| Err(layout.refuse(expected, got));
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
            let id = readable(&path_key(&file));
            Ok(FileRecord { id, image: Path::new(part).join(file), labels, ..FileRecord::default() })
        };
        let records = Listing::read(&folder)?.files.into_iter().map(record).collect::<Result<_, DataError>>()?;
        ImageFiles::new(&layout, records, self.damaged)
    }
}

/// The class of each name without ending.
fn mapping(layout: &Layout<'_>, file: &Path) -> Result<HashMap<String, String>, DataError> {
    let text = layout.text(file, "lines of an image's name and its class")?;
    let lines = lines(&text);
    let mut classes = HashMap::with_capacity(lines.len());
    for (at, line) in lines.iter().enumerate().filter(|(at, line)| *at > 0 || !line.starts_with("ImageId")) {
        let mut words = line.split([' ', '\t', ',']).filter(|word| !word.is_empty());
        let (Some(name), Some(class)) = (words.next(), words.next()) else {
            let expected = format!("a name and a class in line {} of {}", at + 1, layout.root.join(file).display());
            return Err(layout.refuse(expected, format!("{line:?}")));
        };
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        classes.insert(stem.to_owned(), class.to_owned());
    }
    Ok(classes)
}
