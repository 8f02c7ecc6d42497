//! The image files of a folder.

use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::DataError;

const OP: &str = "open image folder";

/// The extensions of image files, in lower or upper case.
const EXTENSIONS: [&str; 8] = ["jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "bmp"];

/// The files of a folder and of all folders below it.
pub(crate) struct Listing {
    /// Image files, relative to the folder, in the order of [`path_key`].
    pub(crate) files: Vec<PathBuf>,
    /// The number of files without an image's extension.
    pub(crate) others: usize,
}

impl Listing {
    /// Lists a folder; opens no file in it.
    pub(crate) fn read(root: &Path) -> Result<Self, DataError> {
        let failed = |path: &Path, source| DataError::Io { op: OP, path: path.to_owned(), source };
        let metadata = std::fs::metadata(root).map_err(|source| failed(root, source))?;
        if !metadata.is_dir() {
            return Err(DataError::unexpected(format!("{OP} {}", root.display()), "a folder", "a file"));
        }
        let (mut files, mut others) = (Vec::new(), 0);
        let walk = WalkDir::new(root).min_depth(1).follow_links(true);
        for entry in walk.into_iter().filter_entry(|entry| !is_hidden(entry)) {
            let entry = entry.map_err(|error| {
                let path = error.path().unwrap_or(root).to_owned();
                failed(&path, error.into())
            })?;
            if entry.file_type().is_dir() {
                continue;
            }
            match entry.path().strip_prefix(root) {
                Ok(file) if is_image(file) => files.push(file.to_owned()),
                _ => others += 1,
            }
        }
        if files.is_empty() {
            let expected = format!(
                "images, whose names end in {}",
                EXTENSIONS.map(|extension| format!(".{extension}")).join(", ")
            );
            let got = format!("none among {others} files");
            return Err(DataError::unexpected(format!("{OP} {}", root.display()), expected, got));
        }
        files.sort_by_cached_key(|file| path_key(file));
        Ok(Self { files, others })
    }
}

/// The id of a file: its relative path as text, with `/` between the parts.
pub(crate) fn path_id(path: &Path) -> String {
    readable(&path_key(path))
}

/// A name as text; bytes that are not UTF-8 are escaped, so two names never become one.
pub(crate) fn readable(name: &[u8]) -> String {
    let mut text = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text
}

/// The bytes of a relative path, with `/` between its parts: the same on every system for names in UTF-8.
fn path_key(path: &Path) -> Vec<u8> {
    let parts: Vec<&[u8]> = path.iter().map(|part| part.as_encoded_bytes()).collect();
    parts.join(&b'/')
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".")
}

fn is_image(file: &Path) -> bool {
    let extension = file.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension)))
}
