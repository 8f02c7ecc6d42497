use std::collections::HashMap;

use crate::text_file::TextFile;
use crate::{PriorError, Tag};

/// Words whose tags are listed by hand.
#[derive(Debug, Clone)]
pub(super) struct ClosedClass {
    words: HashMap<String, Vec<Share>>,
}

/// A tag of a word, with its share of a hundred.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    pub(super) tag: Tag,
    pub(super) share: f32,
}

impl ClosedClass {
    /// Reads `assets/closed-class.txt`.
    pub(super) fn embedded() -> Result<Self, PriorError> {
        Self::parse(include_str!("../../assets/closed-class.txt"))
    }

    fn parse(text: &str) -> Result<Self, PriorError> {
        let file = TextFile::embedded("closed-class.txt", text);
        let mut words = HashMap::new();
        for (at, line) in file.lines() {
            let broken = || file.line_error(at, "`TAG[=share],.. word..`", line);
            let mut fields = line.split(' ');
            let tags = fields.next().ok_or_else(broken)?;
            let mut shares = Vec::new();
            for tag in tags.split(',') {
                let (tag, share) = tag.split_once('=').unwrap_or((tag, "100"));
                let tag = Tag::from_penn(tag).ok_or_else(broken)?;
                shares.push(Share { tag, share: share.parse().map_err(|_| broken())? });
            }
            for word in fields {
                if words.insert(word.to_owned(), shares.clone()).is_some() {
                    return Err(file.line_error(at, "words of no other line", word));
                }
            }
        }
        Ok(Self { words })
    }

    /// The tags of a lower-case word; `None` for one that is not listed.
    pub(super) fn get(&self, word: &str) -> Option<&[Share]> {
        self.words.get(word).map(Vec::as_slice)
    }
}
