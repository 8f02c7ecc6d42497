//! Captions in `metadata.jsonl`.

use serde::Deserialize;

use super::named::NamedImages;
use crate::dataset::dir::DatasetDir;
use crate::{DataError, FileRecord};

/// The name of the file.
pub(super) const FILE: &str = "metadata.jsonl";

/// A line of the file.
#[derive(Deserialize)]
struct Line {
    file_name: String,
    text: Text,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a text or a list of texts")]
enum Text {
    One(String),
    Several(Vec<String>),
}

/// The images that `metadata.jsonl` names.
pub(super) fn read(dir: &DatasetDir<'_>) -> Result<Vec<FileRecord>, DataError> {
    let text = dir.text(FILE, "an object a line, with file_name and text")?;
    let mut named = NamedImages::default();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let origin = format!("line {} of {FILE}", at + 1);
        let line: Line = serde_json::from_str(line).map_err(|source| DataError::Json {
            what: format!("line {} of {}", at + 1, dir.root.join(FILE).display()),
            source,
        })?;
        let captions = match line.text {
            Text::One(caption) => vec![caption],
            Text::Several(captions) => captions,
        };
        named.add(dir, &line.file_name, &captions, &origin)?;
    }
    Ok(named.into_records())
}
