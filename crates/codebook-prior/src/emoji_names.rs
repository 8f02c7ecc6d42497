use std::path::Path;

use crate::text_file::TextFile;
use crate::{PriorError, Source};

/// The names of Unicode's emoji: captions of small pictures (UTS #51).
#[derive(Debug, Clone)]
pub struct EmojiNames {
    /// One name per emoji, in the file's order; variants of skin tone left out.
    pub names: Vec<String>,
    /// The file read.
    pub source: Source,
}

impl EmojiNames {
    /// Reads `emoji-test.txt`: the names of its fully qualified emoji.
    ///
    /// # Errors
    /// [`PriorError::Io`] for a file that is not there, [`PriorError::Line`] for a line that has another format.
    pub fn open(path: &Path) -> Result<Self, PriorError> {
        let file = TextFile::read(path.to_owned())?;
        let mut names = Vec::new();
        let mut version = "of unknown version";
        for (at, line) in file.text.lines().enumerate() {
            if let Some(found) = line.strip_prefix("# Version: ") {
                version = found.trim();
            }
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            // `1F34E ; fully-qualified # 🍎 E0.6 red apple`
            let parse = || {
                let (codes, comment) = line.split_once('#')?;
                let (_, status) = codes.split_once(';')?;
                let name = comment.trim().splitn(3, ' ').nth(2)?;
                Some((status.trim(), name))
            };
            let Some((status, name)) = parse() else {
                return Err(file.line_error(at + 1, "`codes; status # emoji version name`", line));
            };
            if status == "fully-qualified" && !name.contains("skin tone") {
                names.push(name.to_owned());
            }
        }
        let source = file.source(&format!("Unicode Emoji {version}"));
        Ok(Self { names, source })
    }
}
