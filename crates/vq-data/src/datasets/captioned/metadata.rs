use serde::Deserialize;

use super::captioned::Named;
use super::files::FileRecord;
use super::layout::Layout;
use crate::DataError;

const FILE: &str = "metadata.jsonl";

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
pub(super) fn read(layout: &Layout<'_>) -> Result<Vec<FileRecord>, DataError> {
    let text = layout.text(FILE, "an object a line, with file_name and text")?;
    let mut named = Named::default();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let said = format!("line {} of {FILE}", at + 1);
        let line: Line = serde_json::from_str(line).map_err(|source| DataError::Json {
            what: format!("line {} of {}", at + 1, layout.root.join(FILE).display()),
            source,
        })?;
        let captions = match line.text {
            Text::One(caption) => vec![caption],
            Text::Several(captions) => captions,
        };
        named.add(layout, &line.file_name, &captions, &said)?;
    }
    Ok(named.records())
}
