//! Folders of text files.

use std::fs;
use std::path::Path;

use vq_file::FileError;

use super::collector::Collector;
use super::hashing::FileList;
use super::line_reader::{self, CAPTIONS};
use crate::error::BuildError;

/// Reads the text files of a folder and of nested folders; returns the SHA-256 of their list.
///
/// Links to files are followed. Links to folders are not, because they could form a cycle.
pub(super) fn read(folder: &Path, collector: &mut Collector<'_>) -> Result<String, BuildError> {
    let mut list = FileList::default();
    walk(folder, "", collector, &mut list)?;
    if list.is_empty() {
        let op = format!("read {}", folder.display());
        return Err(BuildError::invalid(&op, "captions", "text files (.txt)", "none"));
    }
    Ok(list.sha256())
}

fn walk(folder: &Path, prefix: &str, collector: &mut Collector<'_>, list: &mut FileList) -> Result<(), BuildError> {
    let io = || FileError::io("read", folder);
    let entries: Result<Vec<_>, _> = fs::read_dir(folder).map_err(io())?.collect();
    let mut entries = entries.map_err(io())?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type().map_err(io())?.is_dir() {
            walk(&path, &format!("{name}/"), collector, list)?;
        } else if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("txt")) && path.is_file() {
            let sha256 = line_reader::read(&path, &CAPTIONS, collector)?;
            list.add(&sha256, &name);
        }
    }
    Ok(())
}
