//! Words of closed classes.

use std::collections::HashMap;
use std::path::Path;

use crate::error::PriorError;
use crate::text::{Table, Tag};

/// Words whose tags are listed by hand, in `assets/closed-class.txt`.
#[derive(Debug, Clone)]
pub(super) struct ClosedClass {
    words: HashMap<String, Vec<Share>>,
}

/// A tag of a word, with its share in percent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    pub(super) tag: Tag,
    pub(super) share: f32,
}

impl ClosedClass {
    pub(super) fn embedded() -> Result<Self, PriorError> {
        let path = Path::new("the embedded closed-class.txt");
        let table = Table::new(path, include_str!("../../assets/closed-class.txt"));
        let mut words = HashMap::new();
        for (number, line) in table.entries() {
            let broken = || table.line_error(number, "`TAG[=share],.. word..`", line);
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
                    return Err(table.line_error(number, "words of no other line", word));
                }
            }
        }
        Ok(Self { words })
    }

    /// The tags of a lower-case word; `None` if it is not listed.
    pub(super) fn get(&self, word: &str) -> Option<&[Share]> {
        self.words.get(word).map(Vec::as_slice)
    }
}
