//! The emoji of one split.

use std::sync::Arc;

use super::contents::Contents;
use crate::{DataError, ImageSource, Sample, Split};

/// The emoji of one [`Split`], in the set's order.
///
/// A sample's id is its archive entry and name, its labels are group and subgroup, and its image is the bitmap of
/// 136x128, centred in a transparent square of 136x136.
#[derive(Clone)]
pub struct EmojiSplit {
    contents: Arc<Contents>,
    members: Vec<usize>,
}

impl EmojiSplit {
    pub(super) fn new(contents: Arc<Contents>, split: Split) -> Self {
        let members = (0..contents.emoji.len()).filter(|&index| contents.emoji[index].split() == split).collect();
        Self { contents, members }
    }

    /// For each sample, its index in [`EmojiSet::entries`](crate::EmojiSet::entries).
    #[must_use]
    pub fn members(&self) -> &[usize] {
        &self.members
    }
}

impl ImageSource for EmojiSplit {
    fn len(&self) -> usize {
        self.members.len()
    }

    fn get(&self, index: usize) -> Result<Sample, DataError> {
        let &member = self.members.get(index).ok_or_else(|| {
            DataError::unexpected("get an emoji", format!("an index below {}", self.members.len()), index)
        })?;
        self.contents.sample(member)
    }
}
