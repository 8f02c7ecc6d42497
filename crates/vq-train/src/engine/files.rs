//! Files of a validation.

use std::io::Write;
use std::path::Path;

use vq_file::{FileError, write_atomically};
use vq_run::GeneratedCaption;

/// Writes a JSON line for each caption.
pub(super) fn write_captions(captions: &[GeneratedCaption], path: &Path) -> Result<(), FileError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(FileError::io("make folder", folder))?;
    let mut text = String::new();
    for caption in captions {
        text += &serde_json::to_string(caption).map_err(|error| FileError::io("encode for", path)(error.into()))?;
        text.push('\n');
    }
    write_atomically(path, |file| file.write_all(text.as_bytes()))
}
