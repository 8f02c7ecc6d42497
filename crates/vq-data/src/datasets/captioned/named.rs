//! Images that the lines of a file name.

use std::collections::HashMap;

use crate::dataset::dir::DatasetDir;
use crate::listing::path_id;
use crate::{DataError, FileRecord};

/// Images with the captions that the lines of a file give them.
#[derive(Default)]
pub(super) struct NamedImages {
    records: Vec<FileRecord>,
    at: HashMap<String, usize>,
}

impl NamedImages {
    /// Adds the captions of one line; `origin` names the line in errors.
    pub(super) fn add(
        &mut self,
        dir: &DatasetDir<'_>,
        name: &str,
        captions: &[String],
        origin: &str,
    ) -> Result<(), DataError> {
        let image = dir.named(dir.root, name, origin)?;
        let captions: Vec<String> = captions.iter().map(|caption| caption.trim().to_owned()).collect();
        if captions.is_empty() || captions.iter().any(String::is_empty) {
            return Err(dir.refuse(format!("a caption of {name} in {origin}"), "an empty one"));
        }
        let id = path_id(&image);
        match self.at.get(&id) {
            Some(&at) => self.records[at].captions.extend(captions),
            None => {
                self.at.insert(id.clone(), self.records.len());
                self.records.push(FileRecord { id, image, captions, ..FileRecord::default() });
            }
        }
        Ok(())
    }

    /// The images in the order in which they were first named.
    pub(super) fn into_records(self) -> Vec<FileRecord> {
        self.records
    }
}
