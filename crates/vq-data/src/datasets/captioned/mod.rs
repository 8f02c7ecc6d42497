//! A user's images with captions.

mod csv_file;
mod metadata;
mod named;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::dataset::dir::{DatasetDir, names};
use crate::listing::{Listing, path_id};
use crate::{Damaged, DataError, DatasetLayout, FileRecord, ImageFiles};

/// A user's images with captions.
///
/// ```text
/// root/a.jpg  root/a.txt  root/b/c.png  root/b/c.txt      sidecar
/// root/metadata.jsonl  root/a.jpg  root/b/c.png           metadata
/// root/captions.csv    root/a.jpg  root/b/c.png           csv
/// ```
///
/// Sidecar: every image of the folder and those below it (listed and ordered as by [`ImageFolder`](crate::ImageFolder))
/// has a text file of its name, with one caption a line.
/// Metadata and CSV: the file names the images and decides their order, by the first line of each; further lines of the
/// same image add captions. Paths are relative to the folder.
///
/// ```toml
/// root = "data/photos"
/// captions = { kind = "sidecar" }      # or "metadata", or "csv" with file, image, caption, delimiter
/// damaged = "skip"                     # or "fail", the default
/// ```
///
/// The layout is recognized by `metadata.jsonl`, and in a folder without files of other layouts by an image with a text
/// file of its name. By default the captions are those of `metadata.jsonl` if it exists, else of the CSV file if there
/// is exactly one, else of the text files.
///
/// # Errors of opening
///
/// A folder, text file or image is missing, a line is not as documented, or an image has no caption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaptionedConfig {
    /// The folder.
    pub root: PathBuf,
    /// The files with the captions.
    pub captions: CaptionFile,
    /// What is done with a damaged image.
    #[serde(default)]
    pub damaged: Damaged,
}

/// The files with the captions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum CaptionFile {
    /// A text file beside each image.
    Sidecar,
    /// `metadata.jsonl`, an object a line with `file_name` and `text`, as in Hugging Face's `imagefolder`; `text` may
    /// be a list of captions, and other fields are ignored.
    Metadata,
    /// A CSV file with a header.
    Csv {
        /// The file, relative to the folder.
        file: PathBuf,
        /// The name of the column with the image's path; `file_name` by default.
        #[serde(default = "image_column")]
        image: String,
        /// The name of the column with the caption; `text` by default.
        #[serde(default = "caption_column")]
        caption: String,
        /// The delimiter of the columns, one ASCII character; a comma by default.
        #[serde(default = "comma")]
        delimiter: char,
    },
}

impl CaptionFile {
    /// A CSV file with the default columns and delimiter.
    #[must_use]
    pub fn csv(file: PathBuf) -> Self {
        Self::Csv { file, image: image_column(), caption: caption_column(), delimiter: comma() }
    }
}

fn image_column() -> String {
    "file_name".to_owned()
}

fn caption_column() -> String {
    "text".to_owned()
}

fn comma() -> char {
    ','
}

impl DatasetLayout for CaptionedConfig {
    const NAME: &'static str = "captioned images";
    type Source = ImageFiles;

    fn with_defaults(root: &Path) -> Result<Self, DataError> {
        Ok(Self { root: root.to_owned(), captions: detected_captions(root)?, damaged: Damaged::default() })
    }

    fn detect(root: &Path) -> Result<bool, DataError> {
        Ok(root.join(metadata::FILE).exists())
    }

    fn detect_by_images(root: &Path, images: &[PathBuf]) -> bool {
        images.iter().any(|image| root.join(image).with_extension("txt").is_file())
    }

    fn open(&self) -> Result<ImageFiles, DataError> {
        let dir = DatasetDir { name: Self::NAME, root: &self.root };
        let records = match &self.captions {
            CaptionFile::Sidecar => sidecar(&dir)?,
            CaptionFile::Metadata => metadata::read(&dir)?,
            CaptionFile::Csv { file, image, caption, delimiter } => {
                csv_file::read(&dir, file, &csv_file::Columns { image, caption, delimiter: *delimiter })?
            }
        };
        ImageFiles::new(&dir, records, self.damaged)
    }
}

fn sidecar(dir: &DatasetDir<'_>) -> Result<Vec<FileRecord>, DataError> {
    let record = |image: PathBuf| {
        let captions = dir.captions(image.with_extension("txt"))?;
        Ok(FileRecord { id: path_id(&image), image, captions, ..FileRecord::default() })
    };
    Listing::read(dir.root)?.files.into_iter().map(record).collect()
}

/// The files with the captions in a folder.
fn detected_captions(root: &Path) -> Result<CaptionFile, DataError> {
    if root.join(metadata::FILE).exists() {
        return Ok(CaptionFile::Metadata);
    }
    let folder = DatasetDir { name: CaptionedConfig::NAME, root }.folder("", "images with captions")?;
    let tables: Vec<String> = names(&folder)?.into_iter().filter(|name| name.ends_with(".csv")).collect();
    Ok(match &tables[..] {
        [table] => CaptionFile::csv(PathBuf::from(table)),
        _ => CaptionFile::Sidecar,
    })
}
