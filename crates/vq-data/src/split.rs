//! The two parts of a data set.

use serde::{Deserialize, Serialize};

use crate::hash::leading_bits;

/// A part of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// For training.
    Train,
    /// For validation: never trained on.
    Validation,
}

impl Split {
    /// The split of a family of emoji ([`family_of`](crate::family_of)): validation if the first eight bytes of the
    /// SHA-256 of its name, as a big-endian number, lie in the lowest 8 %, which is about one family of twelve.
    #[must_use]
    pub fn of_family(family: &str) -> Self {
        if leading_bits(&[family.as_bytes()]) < u64::MAX / 100 * 8 { Self::Validation } else { Self::Train }
    }
}
