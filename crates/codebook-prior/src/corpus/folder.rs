use std::fs;
use std::path::Path;

use super::collector::Collector;
use super::hashing::FileList;
use super::lines::{self, LineFormat};
use crate::PriorError;

/// Reads the text files of a folder and of the folders in it; returns the SHA-256 of their list.
///
/// Links to files are followed, links to folders are not: they could lead in a circle.
pub(super) fn read(folder: &Path, collector: &mut Collector<'_>) -> Result<String, PriorError> {
    let mut list = FileList::default();
    walk(folder, "", collector, &mut list)?;
    if list.is_empty() {
        let op = format!("read {}", folder.display());
        return Err(PriorError::invalid(&op, "captions", "text files (.txt)", "none"));
    }
    Ok(list.sha256())
}

fn walk(folder: &Path, prefix: &str, collector: &mut Collector<'_>, list: &mut FileList) -> Result<(), PriorError> {
    let io = |source| PriorError::Io { op: "read", path: folder.to_owned(), source };
    let entries: Result<Vec<_>, _> = fs::read_dir(folder).map_err(io)?.collect();
    let mut entries = entries.map_err(io)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type().map_err(io)?.is_dir() {
            walk(&path, &format!("{name}/"), collector, list)?;
        } else if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("txt")) && path.is_file() {
            let sha256 = lines::read(&path, LineFormat::Caption, collector)?;
            list.add(&sha256, &name);
        }
    }
    Ok(())
}
