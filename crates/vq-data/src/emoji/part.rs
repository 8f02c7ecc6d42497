use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::set::Contents;
use crate::{DataError, ImageSource, Sample};

/// A part of the emoji set; every emoji is in exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// For training.
    Train,
    /// Never trained on: about one family of twelve.
    Validation,
}

impl Split {
    /// The split of a whole family: validation if the first eight bytes of its name's SHA-256,
    /// as a big-endian number, lie in the lowest 8 %.
    #[must_use]
    pub fn of_family(family: &str) -> Self {
        let digest = Sha256::digest(family.as_bytes());
        let mut head = [0; 8];
        head.copy_from_slice(&digest[..8]);
        if u64::from_be_bytes(head) < u64::MAX / 100 * 8 { Self::Validation } else { Self::Train }
    }
}

/// The emoji of one [`Split`], in the set's order.
///
/// A sample's id is its archive entry and name, its labels are group and subgroup, and its image
/// is the bitmap of 136x128 in the middle of a transparent square of 136x136.
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
