use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files::{FileRecord, ImageFiles};
use super::layout::Layout;
use super::{csv_file, metadata};
use crate::folder::listing::{Listing, path_key};
use crate::folder::readable;
use crate::{Damaged, DataError};

/// Images of the user's with their captions.
///
/// ```text
/// root/a.jpg  root/a.txt  root/b/c.png  root/b/c.txt      sidecar
/// root/metadata.jsonl  root/a.jpg  root/b/c.png           metadata
/// root/captions.csv    root/a.jpg  root/b/c.png           csv
/// ```
///
/// Sidecar: every image of the folder and those below it (as [`ImageFolder`](crate::ImageFolder) lists them, in its order)
/// has a text file of its name, with one caption a line.
/// Metadata and CSV: the images are those that the file names, in the order in which it first does; an image that is
/// named again has another caption. Paths are relative to the folder.
///
/// ```toml
/// root = "data/photos"
/// captions = { kind = "sidecar" }      # or "metadata", or "csv" with file, image, caption, delimiter
/// damaged = "skip"                     # or "fail", the default
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaptionedConfig {
    /// The folder.
    pub root: PathBuf,
    /// Where the captions are.
    pub captions: CaptionFile,
    /// What becomes of a damaged image.
    #[serde(default)]
    pub damaged: Damaged,
}

/// Where captions are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum CaptionFile {
    /// In a text file beside each image.
    Sidecar,
    /// In `metadata.jsonl`, an object a line with `file_name` and `text`, as in Hugging Face's `imagefolder`; `text` may
    /// be a list of captions, and other fields are passed over.
    Metadata,
    /// In a CSV file with a header.
    Csv {
        /// The file, relative to the folder.
        file: PathBuf,
        /// The name of the column with the image's path; `file_name` by default.
        #[serde(default = "image_column")]
        image: String,
        /// The name of the column with the caption; `text` by default.
        #[serde(default = "caption_column")]
        caption: String,
        /// What stands between the columns, one ASCII character; a comma by default.
        #[serde(default = "comma")]
        delimiter: char,
    },
}

impl CaptionFile {
    /// A CSV file, with the names of columns and the comma that are the default.
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

impl CaptionedConfig {
    /// Reads the captions and checks that the images are there.
    ///
    /// # Errors
    ///
    /// All name the file and what it should be: a folder, text file or image is missing, a line is not as documented, or an
    /// image has no caption.
    pub fn open(&self) -> Result<ImageFiles, DataError> {
        let layout = Layout { name: "captioned images", root: &self.root };
        let records = match &self.captions {
            CaptionFile::Sidecar => sidecar(&layout)?,
            CaptionFile::Metadata => metadata::read(&layout)?,
            CaptionFile::Csv { file, image, caption, delimiter } => {
                csv_file::read(&layout, file, &csv_file::Columns { image, caption, delimiter: *delimiter })?
            }
        };
        ImageFiles::new(&layout, records, self.damaged)
    }
}

fn sidecar(layout: &Layout<'_>) -> Result<Vec<FileRecord>, DataError> {
    let record = |image: PathBuf| {
        let captions = layout.captions(image.with_extension("txt"))?;
        Ok(FileRecord { id: readable(&path_key(&image)), image, captions, ..FileRecord::default() })
    };
    Listing::read(layout.root)?.files.into_iter().map(record).collect()
}

/// Images with the captions that lines of a file give them.
#[derive(Default)]
pub(super) struct Named {
    records: Vec<FileRecord>,
    at: HashMap<String, usize>,
}

impl Named {
    /// Takes one line; `said` names it.
    pub(super) fn add(
        &mut self,
        layout: &Layout<'_>,
        name: &str,
        captions: &[String],
        said: &str,
    ) -> Result<(), DataError> {
        let image = layout.named(Path::new(layout.root), name, said)?;
        let captions: Vec<String> = captions.iter().map(|caption| caption.trim().to_owned()).collect();
        if captions.is_empty() || captions.iter().any(String::is_empty) {
            return Err(layout.refuse(format!("a caption of {name} in {said}"), "an empty one"));
        }
        let id = readable(&path_key(&image));
        match self.at.get(&id) {
            Some(&at) => self.records[at].captions.extend(captions),
            None => {
                self.at.insert(id.clone(), self.records.len());
                self.records.push(FileRecord { id, image, captions, ..FileRecord::default() });
            }
        }
        Ok(())
    }

    /// In the order in which they were first named.
    pub(super) fn records(self) -> Vec<FileRecord> {
        self.records
    }
}
