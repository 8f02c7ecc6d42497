use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::DataError;

const OP: &str = "open image folder";

/// Names of image files end in one of these, in small or capital letters.
const ENDINGS: [&str; 8] = ["jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "bmp"];

/// What lies in a folder and the folders below it.
pub(crate) struct Listing {
    /// Image files, relative to the folder, in the order of [`path_key`].
    pub(crate) files: Vec<PathBuf>,
    /// How many files are there that are no images by their names.
    pub(crate) others: usize,
}

impl Listing {
    /// Lists a folder; no file in it is opened.
    pub(crate) fn read(root: &Path) -> Result<Self, DataError> {
        let failed = |path: &Path, source| DataError::Io { op: OP, path: path.to_owned(), source };
        let kind = std::fs::metadata(root).map_err(|source| failed(root, source))?;
        if !kind.is_dir() {
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
            let expected =
                format!("images, whose names end in {}", ENDINGS.map(|ending| format!(".{ending}")).join(", "));
            let got = format!("none among {others} files");
            return Err(DataError::unexpected(format!("{OP} {}", root.display()), expected, got));
        }
        files.sort_by_cached_key(|file| path_key(file));
        Ok(Self { files, others })
    }
}

/// The bytes of a relative path, with `/` between its parts: the same on every system for names in UTF-8.
pub(crate) fn path_key(path: &Path) -> Vec<u8> {
    let parts: Vec<&[u8]> = path.iter().map(|part| part.as_encoded_bytes()).collect();
    parts.join(&b'/')
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".")
}

fn is_image(file: &Path) -> bool {
    let ending = file.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending)))
}
